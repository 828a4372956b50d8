"""The base as YAML files in the form the repository keeps them, packed into one ZIP. Pure.

What nobody has edited goes out as its file stands, to the letter, so that a diff after an export
shows what was edited and nothing else.
"""

import datetime as dt
import io
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from knowledge.article import Article, FieldId
from knowledge.exchange import BadFileError, Placed, Problem, Read, label, reason, unpacked
from knowledge.laws import Amendment, Law
from knowledge.library import CONTENT, Library
from store.datafile import Fault, FaultsError, parse

ROOT = "knowledge/content"
_WIDTH = 93
"""PyYAML breaks a line after this many letters, not before: the files keep to 100."""
_DEEPEST = 12


class _Flow(dict[str, Any]):
    """A small mapping that stands on one line."""


class _Dumper(yaml.SafeDumper):
    """Block style with lists set in, as the files have them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless and self.indent is None)

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the library's signature
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = ">" if len(text) > _WIDTH - 9 and "\n" not in text and "  " not in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _flow(dumper: yaml.SafeDumper, mapping: _Flow) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", mapping, flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Flow, _flow)


def _dumped(value: object) -> str:
    return yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH)


def article_text(article: Article) -> str:
    """One article as a YAML file."""
    told = article.model_dump(exclude_defaults=True)
    told |= {"status": str(article.status), "field": str(article.field)}
    told["confidence"] = str(article.confidence)
    told["sources"] = [_Flow(source.model_dump(exclude_none=True)) for source in article.sources]
    return _dumped({name: _plain(told[name]) for name in Article.model_fields if name in told})


def law_text(law: Law) -> str:
    """One law as an entry of the register."""
    told = law.model_dump(exclude_defaults=True)
    told["confidence"] = str(law.confidence)
    if law.amendments:
        told["amendments"] = [_amendment(one) for one in law.amendments]
    return _dumped([{name: _plain(told[name]) for name in Law.model_fields if name in told}])


def _amendment(change: Amendment) -> _Flow:
    told = change.model_dump(by_alias=True)
    return _Flow({name: _plain(value) for name, value in told.items() if value != ()})


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def files_of(library: Library, shipped: Path = CONTENT) -> Mapping[str, str]:
    """Every file of the base by its path in the repository."""
    files = {f"{ROOT}/laws.yaml": _register(library.laws, shipped / "laws.yaml")}
    for article in library.articles.values():
        path = shipped / article.field / f"{article.id}.yaml"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        kept = text and parse(text, Article) == article
        files[f"{ROOT}/{article.field}/{article.id}.yaml"] = text if kept else article_text(article)
    return files


def _register(laws: Iterable[Law], path: Path) -> str:
    """The register in the order of the file, new laws last, its remarks at the top kept."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    starts = _starts(text)
    known = parse(text, tuple[Law, ...])
    standing = {law.number: law for law in laws}
    parts = ["".join(lines[: starts[0]])]
    for law, begin, end in zip(known, starts, [*starts[1:], len(lines)], strict=True):
        now = standing.pop(law.number, None)
        if now is not None:
            parts.append("".join(lines[begin:end]) if now == law else law_text(now))
    return "".join([*parts, *(law_text(law) for law in standing.values())])


def to_zip(library: Library, day: dt.date, shipped: Path = CONTENT) -> bytes:
    """The base as a ZIP to be unpacked over a checkout; the same base gives the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in sorted(files_of(library, shipped).items()):
            entry = zipfile.ZipInfo(path, (day.year, day.month, day.day, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, text)
    return packed.getvalue()


def read_zip(content: bytes) -> Read:
    """Read a ZIP of such files; some of them will do.

    Raises:
        BadFileError: it is no ZIP, or no such file is in it.
    """
    laws: list[Placed[Law]] = []
    articles: list[Placed[Article]] = []
    problems: list[Problem] = []
    found = False
    with unpacked(content) as packed:
        for entry in packed.infolist():
            path = PurePosixPath(entry.filename)
            if entry.is_dir() or "__MACOSX" in path.parts or path.name.startswith("."):
                continue
            found = True
            place = "/".join(path.parts[-2:])
            try:
                text = _readable(packed.read(entry))
                if path.name == "laws.yaml":
                    read = parse(text, tuple[Law, ...])
                    places = zip(read, _starts(text), strict=True)
                    laws += [Placed(law, place, line + 1) for law, line in places]
                elif path.suffix == ".yaml" and path.parent.name in set(FieldId):
                    article = parse(text, Article)
                    if path.stem != article.id or path.parent.name != article.field:
                        where = f"{article.field}/{article.id}.yaml"
                        problems.append(Problem(place, None, f"phải nằm ở {where}"))
                    articles.append(Placed(article, place, 1, _parts(text, place)))
                else:
                    problems.append(Problem(place, None, "không phải tệp của kho kiến thức"))
            except FaultsError as fault:
                problems += [_problem(place, one) for one in fault.faults]
            except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as problem:
                raise BadFileError("Tệp ZIP bị hỏng.") from problem
    if not found:
        raise BadFileError("Trong tệp ZIP không có tệp nào của kho kiến thức.")
    return Read(tuple(articles), tuple(laws), tuple(problems))


def _problem(place: str, fault: Fault) -> Problem:
    if fault.kind == "yaml":
        return Problem(place, fault.line, f"không đọc được YAML: {fault.reason}")
    loc = fault.loc[1:] if place.endswith("laws.yaml") else fault.loc
    what = label(loc) or "tệp"
    return Problem(place, fault.line, f"{what}: {reason(fault.kind, fault.reason)}")


def _readable(content: bytes) -> str:
    """The text of a file that is harmless to read.

    References would let a small file swell without end, and nobody writes them by hand.

    Raises:
        FaultsError: it is no UTF-8, no YAML, uses references or is nested without reason.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise FaultsError((Fault(None, (), "yaml", "không phải chữ UTF-8"),)) from problem
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise _refused(event, "không dùng tham chiếu (*)")
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                raise _refused(event, "lồng nhau quá nhiều tầng")
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        line = mark.line + 1 if mark is not None else None
        raise FaultsError((Fault(line, (), "yaml", problem.problem or ""),)) from problem
    except yaml.YAMLError as problem:
        raise FaultsError((Fault(None, (), "yaml", "có ký tự lạ"),)) from problem
    return text


def _refused(event: yaml.Event, why: str) -> FaultsError:
    line = event.start_mark.line + 1 if event.start_mark is not None else None
    return FaultsError((Fault(line, (), "yaml", why),))


def _parts(text: str, place: str) -> dict[str, tuple[tuple[str, int | None], ...]]:
    """Where the entries of an article's lists stand."""
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    return {
        key.value: tuple((place, entry.start_mark.line + 1) for entry in value.value)
        for key, value in (node.value if node is not None else ())
        if isinstance(value, yaml.SequenceNode)
    }


def _starts(text: str) -> list[int]:
    """In which line, counted from 0, each entry of a list begins."""
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    return [entry.start_mark.line for entry in node.value] if node is not None else []
