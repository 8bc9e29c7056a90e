"""The folder link: new export files become batches, each file once.

`settings` is what the plant file says, `names` finds asset and time in a file's name (those of Lookout for Equipment's
scheduled inference too), `parse` reads a file into batches, `connect` looks for files that are whole and new.
"""

from andon.reading.folder.connect import FolderLink
from andon.reading.folder.settings import FolderSettings

__all__ = ["FolderLink", "FolderSettings"]
