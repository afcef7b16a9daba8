"""Where the names of `immunode.plot` are defined; they are loaded from there when they are first used."""

from .charts.agreement import agreement_chart as agreement_chart
from .charts.analysis.basin_map import basins as basins
from .charts.analysis.bifurcation_diagram import bifurcation as bifurcation
from .charts.analysis.bifurcation_diagram import bifurcation_curves as bifurcation_curves
from .charts.analysis.differences import difference_bars as difference_bars
from .charts.analysis.differences import difference_courses as difference_courses
from .charts.analysis.dose_curve import dose_response as dose_response
from .charts.analysis.fit import (
    data_and_curves as data_and_curves,
)
from .charts.analysis.fit import (
    profile_curves as profile_curves,
)
from .charts.analysis.fit import (
    searches as searches,
)
from .charts.analysis.isobole import isoboles as isoboles
from .charts.analysis.outcome_check_chart import outcome_check as outcome_check
from .charts.analysis.phase import phase_plane as phase_plane
from .charts.analysis.phase import steady_points as steady_points
from .charts.analysis.population_fit import convergence as convergence
from .charts.analysis.population_fit import covariate_panels as covariate_panels
from .charts.analysis.population_fit import individual_curves as individual_curves
from .charts.analysis.precision_diagram import work_precision as work_precision
from .charts.analysis.predictive_check_chart import predictive_check as predictive_check
from .charts.analysis.residual_panels import residuals as residuals
from .charts.analysis.sensitivity import (
    evidence_shares as evidence_shares,
)
from .charts.analysis.sensitivity import (
    morris_plane as morris_plane,
)
from .charts.analysis.sensitivity import (
    sensitivity_bars as sensitivity_bars,
)
from .charts.analysis.sensitivity import (
    sensitivity_convergence as sensitivity_convergence,
)
from .charts.analysis.sensitivity import (
    sensitivity_heat as sensitivity_heat,
)
from .charts.analysis.sequence_map import gap_curves as gap_curves
from .charts.analysis.sequence_map import order_map as order_map
from .charts.analysis.tornado_bars import tornado as tornado
from .charts.animation import animate as animate
from .charts.endpoint_strips import endpoints as endpoints
from .charts.equation_page import equations as equations
from .charts.event_curves import time_to_event as time_to_event
from .charts.fold_changes import atlas as atlas
from .charts.heat_map import heat as heat
from .charts.patient_changes import waterfall as waterfall
from .charts.quantile_bands import bands as bands
from .charts.regimen_tradeoff import regimens as regimens
from .charts.responder_bars import responder_shares as responder_shares
from .charts.time_courses import courses as courses
from .charts.treatment_timeline import Lane as Lane
from .charts.treatment_timeline import timeline as timeline
from .diagrams.drawing import diagram as diagram
from .kit.figure import panels as panels
from .kit.fingerprint import data_hash as data_hash
from .kit.panel_letters import letters as letters
from .kit.saving import read_metadata as read_metadata
from .kit.saving import save as save
from .kit.style import PALETTE as PALETTE
from .kit.style import STYLES as STYLES
from .kit.style import Style as Style
from .kit.style import arm_colors as arm_colors
