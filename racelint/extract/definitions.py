"""Functions, lambdas and classes: each a function of its own, evaluated where it is defined."""

from __future__ import annotations

import libcst as cst

from racelint.extract.annotations import annotation_type
from racelint.extract.dispatch import expression, run, statement, value
from racelint.extract.expressions import argument
from racelint.extract.frame import Frame
from racelint.facts import NOTHING, Argument, Class, Compute, MakeClass, MakeFunction, Parameter, Return


@statement(cst.FunctionDef)
def _function(frame: Frame, node: cst.FunctionDef) -> None:
    decorators = tuple([value(frame, decorator.decorator) for decorator in node.decorators])
    parameters = _parameters(frame, node.params)
    name = node.name.value
    inner = _inner(frame, node, "function", name)
    _bind_parameters(inner, parameters)
    run(inner, node.body)
    span = frame.span(node.name)
    inner.finish(
        name,
        span,
        is_async=node.asynchronous is not None,
        parameters=parameters,
        decorators=decorators,
        returns=annotation_type(node.returns),
    )
    made = frame.add(MakeFunction(frame.fresh(), span, inner.scope.index))
    frame.store(name, made, node.name)


@expression(cst.Lambda)
def _lambda(frame: Frame, node: cst.Lambda) -> int:
    parameters = _parameters(frame, node.params)
    inner = _inner(frame, node, "lambda", "<lambda>")
    _bind_parameters(inner, parameters)
    inner.stop(Return(frame.span(node.body), value(inner, node.body)))
    span = frame.span(node)
    inner.finish("<lambda>", span, parameters=parameters)
    return frame.add(MakeFunction(frame.fresh(), span, inner.scope.index))


def _inner(frame: Frame, node: cst.CSTNode, kind: str, name: str) -> Frame:
    inner = Frame(frame.unit, frame.unit.scopes.of[node], kind, frame.nested_name(name))
    if frame.kind == "class":
        inner.cls = frame.cls
    return inner


def _parameters(frame: Frame, node: cst.Parameters) -> tuple[Parameter, ...]:
    """All parameters in the order of Python's signatures; their defaults are evaluated in `frame`."""
    kinds = [(parameter, "positional") for parameter in (*node.posonly_params, *node.params)]
    if isinstance(node.star_arg, cst.Param):
        kinds.append((node.star_arg, "vararg"))
    kinds.extend((parameter, "keyword") for parameter in node.kwonly_params)
    if node.star_kwarg is not None:
        kinds.append((node.star_kwarg, "kwarg"))
    return tuple([_parameter(frame, parameter, kind) for parameter, kind in kinds])


def _parameter(frame: Frame, node: cst.Param, kind: str) -> Parameter:
    default = NOTHING if node.default is None else value(frame, node.default)
    return Parameter(node.name.value, kind, annotation_type(node.annotation), default)


def _bind_parameters(inner: Frame, parameters: tuple[Parameter, ...]) -> None:
    for parameter in parameters:
        identifier = inner.fresh()
        if inner.scope.place(parameter.name) is None:
            inner.environment[parameter.name] = identifier


@statement(cst.ClassDef)
def _class(frame: Frame, node: cst.ClassDef) -> None:
    decorators = tuple([value(frame, decorator.decorator) for decorator in node.decorators])
    arguments = [argument(frame, base) for base in (*node.bases, *node.keywords)]
    name, classes = node.name.value, frame.unit.classes
    index = len(classes)
    classes.append(None)
    inner = _inner(frame, node, "class", name)
    inner.cls = index
    run(inner, node.body)
    span = frame.span(node.name)
    inner.finish(name, span)
    classes[index] = Class(
        index=index,
        parent=frame.scope.index,
        name=name,
        qualname=inner.qualname,
        bases=tuple([_base(frame, base) for base in arguments if base.name in ("", "*")]),
        keywords=tuple([keyword for keyword in arguments if keyword.name not in ("", "*")]),
        decorators=decorators,
        annotations=tuple(inner.annotations),
        body=inner.scope.index,
        span=span,
    )
    made = frame.add(MakeClass(frame.fresh(), span, index))
    frame.store(name, made, node.name)


def _base(frame: Frame, base: Argument) -> int:
    return base.value if not base.name else frame.add(Compute(frame.fresh(), "*", (base.value,)))
