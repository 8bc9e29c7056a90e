"""training/network"""
