"""Rivals in environments of their own, for benchmarks run side by side.

python -m benchmarks.peers.make FOLDER        # makes FOLDER/pyod and FOLDER/tsb-ad, once
"""
