"""States as they were some time ago, for texts of languages that keep a past: each under a name of its own."""

from __future__ import annotations

from collections.abc import Mapping

from immunode.errors import ModelError
from immunode.language.evaluation import evaluate
from immunode.language.tree import Expression, delays, names, to_text
from immunode.model import Model


class Pasts:
    """Writes `delay(expression, lag)` out into states of long ago.

    formulas : derived quantities, changed parameters and fluxes of the model.
    found : (state, lag) -> the name that stands for it, `state.ago`, `state.ago2`, ...
    """

    def __init__(self, model: Model, formulas: Mapping[str, Expression]) -> None:
        self.model, self.formulas = model, formulas
        self.states, self.switches = ({one.name for one in group} for group in (model.states, model.switches))
        self.values = {p.name: float(p.value) for p in model.parameters}
        self.found: dict[tuple[str, Expression], str] = {}

    def now(self, expression: Expression) -> Expression:
        """Return an expression whose delays are names of delayed states.

        Raises
        ------
        ModelError : it looks back at a switch, or by a lag that is not above 0.
        """
        return self._at(expression, None) if any(delays(expression)) else expression

    def _at(self, node: Expression, lag: Expression | None) -> Expression:
        if node[:2] == ("call", "delay"):
            more = self._plain(node[3])
            return self._at(node[2], more if lag is None else ("add", lag, more))
        if lag is not None and node[0] == "time":
            return ("sub", node, lag)
        if lag is not None and node[0] == "name":
            return self._name(str(node[1]), lag)
        return tuple(self._at(part, lag) if isinstance(part, tuple) else part for part in node)

    def _name(self, name: str, lag: Expression) -> Expression:
        if name in self.states:
            count = sum(state == name for state, _ in self.found) + 1
            known = self.found.setdefault((name, lag), f"{name}.ago{count if count > 1 else ''}")
            self._check(name, lag)
            return ("name", known)
        if name in self.switches:
            raise ModelError(f"{self.model.name}: a delay looks back at the switch '{name}', which has no history")
        return self._at(self.formulas[name], lag) if name in self.formulas else ("name", name)

    def _plain(self, lag: Expression) -> Expression:
        """Return a lag by parameters alone."""
        if lag[0] == "name" and lag[1] in self.formulas:
            return self._plain(self.formulas[str(lag[1])])
        return tuple(self._plain(part) if isinstance(part, tuple) else part for part in lag)

    def _check(self, name: str, lag: Expression) -> None:
        if names(lag) <= self.values.keys() and not float(evaluate(lag, self.values)) > 0:
            raise ModelError(
                f"{self.model.name}: the lag of delay({name}, {to_text(lag)}) is not above 0, which such a text needs; "
                "give it another value, or write the state as it is"
            )
