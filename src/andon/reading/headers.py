"""Words that headers use for what a column is, without blanks, marks and capitals (see `word`)."""

from __future__ import annotations

import re

TIME: frozenset[str] = frozenset(
    (
        "time", "timestamp", "datetime", "date", "tstamp", "ts", "utc", "utctime", "timeutc", "timestamputc", "localtime",
        "sampletime", "eventtime", "zeit", "zeitstempel", "datum", "datumzeit", "datumuhrzeit", "dateandtime",
        "sourcetimestamp", "servertimestamp", "horodatage", "dateheure", "fecha", "fechahora", "epoch", "unixtime", "时间",
        "时间戳", "日期", "日期时间", "采样时间", "采集时间",
    )
)  # fmt: skip
TAG: frozenset[str] = frozenset(
    (
        "tag", "tagname", "tagid", "tagpath", "point", "pointname", "pointid", "name", "path", "variable", "variablename",
        "measurement", "sensor", "sensorname", "sensorid", "signal", "signalname", "channel", "item", "itemid", "itemname",
        "nodeid", "attribute", "parameter", "field", "metric", "series", "kanal", "messstelle", "tagbezeichnung", "标签", "位号",
        "测点", "点名", "变量", "变量名", "名称", "标签名",
    )
)  # fmt: skip
VALUE: frozenset[str] = frozenset(
    (
        "value", "val", "wert", "messwert", "pv", "reading", "average", "avg", "mean", "vvalue", "floatvalue", "intvalue",
        "stringvalue", "numericvalue", "doublevalue", "datavalue", "tagvalue", "数值", "值", "测量值",
    )
)  # fmt: skip
QUALITY: frozenset[str] = frozenset(
    (
        "quality", "qual", "opcquality", "qualitydetail", "qualitycode", "statuscode", "status", "dataintegrity", "qualität",
        "qualitaet", "good", "isgood", "qualitystatus", "质量", "质量码", "状态",
    )
)  # fmt: skip
ASSET: frozenset[str] = frozenset(
    (
        "asset", "assetid", "assetname", "equipment", "equipmentid", "equipmentname", "machine", "machineid", "machinename",
        "device", "deviceid", "devicename", "lineid", "turbine", "turbineid", "unitid", "anlage", "maschine", "engineid",
        "设备", "设备号", "设备名称", "机组",
    )
)  # fmt: skip

# Headers of `ASSET` that mean nothing else; "machine" or "line" may also be a state or a number of the process.
OWNER: frozenset[str] = ASSET - {"machine", "maschine", "anlage", "turbine", "device", "equipment", "设备", "机组"}

SAMPLED: frozenset[str] = frozenset((
    "drawn", "probenahme", "probenahmezeit", "probenzeit", "sampled", "sampledat", "sampledate", "sampletime",
    "samplingtime", "取样时间", "采样时间",
))  # fmt: skip
KNOWN: frozenset[str] = frozenset((
    "analysed", "analysistime", "analyzed", "ergebniszeit", "freigabe", "knownat", "released", "reported", "reportedat",
    "reporttime", "resultat", "resulttime", "化验时间", "报告时间", "结果时间",
))  # fmt: skip


def word(name: str) -> str:
    """A header as the lists above write it."""
    return re.sub(r"[\W_]+", "", name.lower())


def what_else(names: tuple[str, ...]) -> str:
    """What a file is that is no recording, by its header: "labels", "laboratory", or ""."""
    words = {word(name) for name in names}
    if {"asset", "start", "end", "kind"} <= words:
        return "labels"
    return "laboratory" if words & SAMPLED and words & KNOWN else ""
