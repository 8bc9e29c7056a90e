"""plant.toml -> wired rooms; the verbs that both doors call. The only place that knows every room.

`sources` reads what a verb is pointed at; `audit`, `train`, `score` and `promises` hold the verbs, and `verbs` names them all; `compare`
judges a model beside its rivals; `report_data` and `quality_panel` turn results into what a report shows; `demo` does it all. `live` is a
running plant. Nothing is loaded here: a service that starts again after a crash needs few of these rooms, and has little time.
"""
