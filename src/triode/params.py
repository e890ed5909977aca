"""The classes of parameters' markers, under the names that users of FastAPI import."""

from triode.binding.markers import BodyInfo as Body
from triode.binding.markers import CookieInfo as Cookie
from triode.binding.markers import DependsInfo as Depends
from triode.binding.markers import FileInfo as File
from triode.binding.markers import FormInfo as Form
from triode.binding.markers import HeaderInfo as Header
from triode.binding.markers import ParameterInfo as Param
from triode.binding.markers import PathInfo as Path
from triode.binding.markers import QueryInfo as Query

__all__ = ["Body", "Cookie", "Depends", "File", "Form", "Header", "Param", "Path", "Query"]
