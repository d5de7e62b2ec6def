"""Files of rows in several formats, on any file system that TensorFlow supports: as events, or as named columns."""

from tfflows.sources.table import TableFile as TableFile
from tfflows.sources.table import check_same as check_same
from tfflows.sources.table import expand as expand
from tfflows.sources.table import index_column as index_column
from tfflows.sources.table import open_table as open_table
from tfflows.sources.table import select as select
