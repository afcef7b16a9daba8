"""The published models that come with the package: what there is, loading one, copying one.

Listing reads the files without running them. Only a file that the caller names by its path is executed.
"""

from __future__ import annotations

import ast
import importlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType

import immunode.models as packaged
from immunode import model as declared
from immunode.errors import ImmunodeError, ModelError, StoreError, did_you_mean, nearest, path_text

_MAX_BYTES = 5_000_000
_READERS = {
    ".xml": ("immunode.exchange.sbml.reading.reader", "read_sbml"),
    ".sbml": ("immunode.exchange.sbml.reading.reader", "read_sbml"),
    ".ant": ("immunode.exchange.antimony", "read_antimony"),
    ".omex": ("immunode.exchange.omex", "read_omex"),
}
"""Where the readers of other formats are, by ending."""
_ENDINGS = (".py", ".json", *_READERS)


class UnknownModelError(ModelError):
    """No model of that name, and no file of that path, is there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of the catalogue, as its file says.

    Attributes
    ----------
    status : str
        "published", "ours", or "broken" where the file can't be read (then `title` says why).
    species : str
        "human", "mouse" ..., "" where the file does not say.
    n_states : int
        number of declared states, dimensionless.
    aliases : tuple[tuple[str, str], ...]
        pairs of a further name and the variant it stands for ("" for the model as declared).
    """

    name: str
    title: str
    system: str
    status: str
    species: str
    n_states: int
    aliases: tuple[tuple[str, str], ...]
    path: Path


def list_models() -> tuple[Entry, ...]:
    """Return the models of the package, sorted by name; their files are parsed, never executed."""
    return tuple(entry for path in _files().values() if (entry := _entry(path)) is not None)


def find_model(name: str) -> tuple[Path, str]:
    """Return the file of a model of the package and the variant that `name` stands for ("" for none).

    name : a model's name or one of its aliases.

    Raises
    ------
    UnknownModelError : there is none; the message names the nearest.
    """
    files = _files()
    if name in files:
        return files[name], ""
    entries = list_models()
    for entry in entries:
        for alias, variant in entry.aliases:
            if alias == name:
                return entry.path, variant
    known = [*files, *(alias for entry in entries for alias, _ in entry.aliases)]
    hint = did_you_mean(name, known)
    for ending in _ENDINGS:
        if _is_there(Path(f"{name}{ending}")):
            hint += f"; a file of yours is named with its ending: '{name}{ending}'"
    if not nearest(name, known):
        hint += "; `immunode list` shows all"
    raise UnknownModelError(f"no model is named '{name}'{hint}")


def load_model(name_or_path: str | os.PathLike[str], variant: str | None = None) -> declared.Model:
    """Return a model of the package by name or alias, or the model in a file of yours.

    Parameters
    ----------
    name_or_path : str | path
        "kuznetsov1994", "rheumatoid_arthritis", or the path of a `.py`, `.json`, `.xml` or `.sbml` (SBML), `.ant`
        (Antimony) or `.omex` (COMBINE archive) file. A `.py` file is executed, so it must be one that you trust; the
        others never execute anything.
    variant : str | None
        name of one of its variants. None takes the one that an alias stands for, "" none at all.

    Raises
    ------
    UnknownModelError
        no such model or file; the message names the nearest.
    ModelError
        the file can't be read, has no MODEL, or what it declares is wrong.
    StoreError
        a .json file is not what `Model.to_json` writes.
    """
    path_text("load_model", name_or_path, ModelError)
    if _is_path(name_or_path):
        model, meant = _load_file(Path(name_or_path)), ""
    else:
        path, meant = find_model(os.fspath(name_or_path))
        model = _load_packaged(path)
    chosen = meant if variant is None else variant
    return model.variant(chosen) if chosen else model


def copy_model(name: str, path: str | os.PathLike[str]) -> Path:
    """Return the path of a new file that holds a copy of the model `name`, to read and to change.

    Parameters
    ----------
    path : str | path
        the new file (ending in .py), or a folder, where the copy keeps the model's file name.

    Raises
    ------
    UnknownModelError
        no model has that name.
    StoreError
        the file exists (nothing is ever overwritten), or can't be written.
    """
    source, _ = find_model(name)
    target = Path(path)
    if target.is_dir():
        target = target / source.name
    if target.suffix != ".py":
        raise StoreError(f"a copy of '{name}' is Python text: give a file that ends in .py, not '{target}'")
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(source.read_text(encoding="utf-8"))
    except FileExistsError:
        raise StoreError(f"'{target}' exists already and is left as it is; give another name") from None
    except OSError as error:
        raise StoreError(f"'{target}' can't be written: {error.strerror}") from None
    return target


def _files() -> dict[str, Path]:
    """Return the model files of the package by name, sorted; each folder of `models/` holds those of one system."""
    files: dict[str, Path] = {}
    for folder in packaged.__path__:
        for pattern in ("[!_.]*.py", "[!_.]*/[!_.]*.py"):
            for path in sorted(Path(folder).glob(pattern)):
                files.setdefault(path.stem, path)
    return dict(sorted(files.items()))


def _is_there(path: Path) -> bool:
    """Return whether a path leads to something; one that no system can have (too long, a null byte) does not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _is_path(given: str | os.PathLike[str]) -> bool:
    """Return whether a file is meant: a path object, a known ending, or a separator in the text."""
    if not isinstance(given, str):
        return True
    return given.endswith(_ENDINGS) or "/" in given or os.sep in given


# Reading without running ----------------------------------------------------------------------------------------------


def _entry(path: Path) -> Entry | None:
    """Return what the file at `path` declares, or None when it declares no model; one that stays is read once."""
    try:
        file = path.stat()
    except OSError as error:
        return _broken(path, error)
    return _entry_once(path, (file.st_mtime_ns, file.st_ctime_ns, file.st_size))


@lru_cache(maxsize=1024)
def _entry_once(path: Path, _version: tuple[int, int, int]) -> Entry | None:
    """Return what the file at `path` declares, in the version that two times and a size tell."""
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except (SyntaxError, ValueError, OSError, RecursionError, MemoryError) as error:
        return _broken(path, error)
    names = _assigned(tree)
    call = names.get("MODEL")
    if not isinstance(call, ast.Call):
        return None
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    return Entry(
        name=path.stem,
        title=_text(given.get("title")),
        system=_text(given.get("system")),
        status=_text(given.get("status")),
        species=_text(given.get("species")),
        n_states=_states(call, names),
        aliases=_aliases(given.get("aliases")),
        path=path,
    )


def _broken(path: Path, error: BaseException) -> Entry:
    return Entry(path.stem, f"can't be read: {_reason(error)}", "", "broken", "", 0, (), path)


def _assigned(tree: ast.Module) -> dict[str, ast.expr]:
    """Return the expression that each top-level name is given."""
    names: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            names.update({target.id: node.value for target in node.targets if isinstance(target, ast.Name)})
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            names[node.target.id] = node.value
    return names


def _text(node: ast.expr | None) -> str:
    """Return a text constant, or "" for anything else."""
    return " ".join(node.value.split()) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _states(call: ast.expr | None, names: dict[str, ast.expr]) -> int:
    """Return the states of `Model(...)`, or of the parts of `join(...)`, which may be those of other files.

    call : also with `.replace(...)` behind it, or a name that stands for it. A state that two parts share counts twice.
    """
    if isinstance(call, ast.Name):
        return _states(names.get(call.id), {name: value for name, value in names.items() if name != call.id})
    if not isinstance(call, ast.Call):
        return 0
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if "states" in given:
        return _count(given["states"], names)
    if isinstance(call.func, ast.Attribute):
        return _states(call.func.value, names) if call.func.attr == "replace" else 0
    function = call.func.id if isinstance(call.func, ast.Name) else ""
    if function == "join":
        return sum(_states(part, names) for part in call.args)
    if function == "load_model" and call.args:
        path = _files().get(_text(call.args[0]))
        part = None if path is None else _entry(path)
        return 0 if part is None else part.n_states
    return 0


def _count(node: ast.expr | None, names: dict[str, ast.expr]) -> int:
    """Return the length of a list that is written out, named, added up or unpacked."""
    if isinstance(node, ast.Name):
        return _count(names.get(node.id), {name: value for name, value in names.items() if name != node.id})
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _count(node.left, names) + _count(node.right, names)
    if isinstance(node, ast.List | ast.Tuple):
        return sum(_count(item.value, names) if isinstance(item, ast.Starred) else 1 for item in node.elts)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sourced":
        return _count(ast.List(node.args[1:]), names)
    if isinstance(node, ast.Attribute) and node.attr == "states" and isinstance(node.value, ast.Name):
        return _stages(names.get(node.value.id))
    return 0


def _stages(node: ast.expr | None) -> int:
    """Return the number of stages written in `transit_chain(name, n, ...)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "transit_chain":
        given = node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords if k.arg == "n"), None)
        if isinstance(given, ast.Constant) and isinstance(given.value, int):
            return given.value
    return 0


def _aliases(node: ast.expr | None) -> tuple[tuple[str, str], ...]:
    """Return the aliases of a model, written as a dict or as pairs."""
    try:
        value = ast.literal_eval(node) if node is not None else ()
        return tuple(
            (str(name), str(variant)) for name, variant in (value.items() if isinstance(value, dict) else value)
        )
    except (ValueError, TypeError, SyntaxError):
        return ()


# Loading --------------------------------------------------------------------------------------------------------------


def _load_packaged(path: Path) -> declared.Model:
    """Return the MODEL of a file of the package, imported once."""
    importlib.invalidate_caches()  # the file may have been added since the folder was last listed
    (within,) = {path.relative_to(folder) for folder in packaged.__path__ if path.is_relative_to(folder)}
    name = ".".join(("immunode.models", *within.with_suffix("").parts))
    try:
        module = importlib.import_module(name)
    except ImmunodeError:
        raise
    except Exception as error:  # whatever a broken file raises becomes one clear line
        raise ModelError(f"{path}: {_reason(error, path)}") from error
    return _model_of(vars(module), path)


def _load_file(path: Path) -> declared.Model:
    """Return the model in a file of the caller's."""
    if path.suffix not in _ENDINGS:
        raise ModelError(f"'{path}' is no model file: its name must end in " + " or ".join(_ENDINGS))
    if path.suffix in _READERS:
        if not _is_there(path):
            raise UnknownModelError(f"there is no file '{path}'{_similar_file(path)}")
        module, reader = _READERS[path.suffix]
        model: declared.Model = getattr(importlib.import_module(module), reader)(path)
        return model
    if not _is_there(path):
        raise UnknownModelError(f"there is no file '{path}'{_similar_file(path)}")
    try:
        content = path.read_bytes() if path.stat().st_size <= _MAX_BYTES else None
    except OSError as error:
        raise ModelError(f"'{path}' can't be read: {error.strerror}") from None
    if content is None:
        raise ModelError(f"'{path}' is no model file: it is larger than {_MAX_BYTES // 1_000_000} MB")
    if b"\0" in content:
        raise ModelError(f"'{path}' is no model file: it holds binary data, not text")
    return _read_json(content, path) if path.suffix == ".json" else _run_file(content, path)


def _read_json(content: bytes, path: Path) -> declared.Model:
    """Return the model in JSON text; executes nothing."""
    try:
        return declared.Model.from_json(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ModelError(f"'{path}' is no model file: it is not UTF-8 text") from None
    except ImmunodeError as error:
        raise type(error)(f"{path}: {error}") from error


def _run_file(content: bytes, path: Path) -> declared.Model:
    """Return the MODEL that a Python file makes when it is run in a namespace of its own."""
    namespace: dict[str, object] = {"__name__": path.stem, "__file__": str(path)}
    try:
        exec(_compiled(content, path), namespace)
    except ImmunodeError as error:
        raise type(error)(f"{path}: {error}") from error
    except (Exception, SystemExit) as error:  # whatever a broken file raises becomes one clear line
        raise ModelError(f"{path}: {_reason(error, path)}{_hint(error, namespace)}") from error
    return _model_of(namespace, path)


def _compiled(content: bytes, path: Path) -> CodeType:
    """Return the code of a file; a syntax error says its line."""
    try:
        return compile(content, str(path), "exec", dont_inherit=True)
    except UnicodeDecodeError:
        raise ModelError(f"'{path}' is no model file: it is not UTF-8 text") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ModelError(f"{path}: {_reason(error)}") from None


def _model_of(namespace: dict[str, object], path: Path) -> declared.Model:
    """Return MODEL of a file that was run."""
    model = namespace.get("MODEL")
    if isinstance(model, declared.Model):
        return model
    if model is not None:
        raise ModelError(f"{path}: MODEL is a {type(model).__name__}, not a Model; write MODEL = Model(name=..., ...)")
    others = [f"'{name}'" for name, value in namespace.items() if isinstance(value, declared.Model)]
    hint = f"; {' and '.join(others)} would be one" if others else ""
    raise ModelError(f"{path}: no MODEL in it{hint}; a model file says MODEL = Model(name=..., ...)")


def _reason(error: BaseException, path: Path | None = None) -> str:
    """Return what went wrong in a file, with the line where it can be told."""
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}" if error.lineno else str(error.msg)
    if isinstance(error, RecursionError | MemoryError):
        return "it is nested too deeply"
    line, trace = "", error.__traceback__
    while trace is not None:
        if path is not None and trace.tb_frame.f_code.co_filename == str(path):
            line = f"line {trace.tb_lineno}: "
        trace = trace.tb_next
    kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
    return f"{line}{kind}{error}"


def _hint(error: BaseException, namespace: dict[str, object]) -> str:
    """Return the names that were likely meant by one that a file does not know."""
    if isinstance(error, NameError) and error.name:
        return did_you_mean(error.name, [name for name in namespace if not name.startswith("__")])
    return ""


def _similar_file(path: Path) -> str:
    """Return the names in the same folder that are like that of a missing file."""
    try:
        names = [item.name for item in path.parent.iterdir() if item.suffix in _ENDINGS]
    except (OSError, ValueError):
        return ""
    return did_you_mean(path.name, names) if nearest(path.name, names) else ""
