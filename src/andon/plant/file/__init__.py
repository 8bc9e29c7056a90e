"""The plant file: typed settings, parsed with file and line, written with comments; safe expressions over tags.

`schema` has one frozen dataclass per section and `PlantFile` that holds them; `setting` describes a key as data;
`parse` reads plant.toml and names file, line, key, the value found and what is allowed; `write` writes it with
comments; `expression` reads and evaluates safe expressions.
"""

from andon.plant.file.schema import PlantFile

__all__ = ["PlantFile"]
