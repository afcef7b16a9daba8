"""Lost sleep: less NK activity the next morning, more IL-6 after a week, fewer antibodies after a vaccine.

    awake: S rises, asleep: S falls      excess over the habitual schedule -+-> NK falls   (hours)
    Ag --> plasma cells --> antibody                                        +-> Debt       (days) --> IL-6 rises
                ^------------------------ fewer with Debt <-----------------------+

Sleep pressure S is Process S of the two-process model (rise 18.2 h, fall 4.2 h, published). What S exceeds the same
person's habitual pressure S_hab acts on the immune read-outs. A night of four hours lowers NK activity to 72 % and one
night repairs it; eight nights of six hours raise IL-6 by half, and a week later 5 % of that is left; four hours for six
nights halve the antibody ten days after a vaccine, against the habitual schedule with the same vaccine.

Time is clock time: hour 0 is midnight at the start of day 0, asleep; night k follows day k. `flip` exchanges sleep and
waking: from 23 to 1 it takes two hours of the night, from 14 to 15:30 it is a nap, from 23 to 15 every day it is shift
work. (The package's specification sets bed time and duration instead and starts at 07:00; the courses are the same.)

Ours and minimal: no published model with recoverable parameters links sleep loss to immune read-outs. Calibrated, one
number each: S_half (Irwin 1994), b_I (Vgontzas 2004, from memory), p_D (Spiegel 2002, from memory). IL-6 after a whole
night without sleep is probably too high. Left out: the circadian clock (see abo2021), cortisol, stages of sleep, cells.
Levels are relative to habit (1); of antibody only ratios between schedules have a meaning.
"""

from immunode.intervention import Intervention, Pulses, Schedule, during, nights, pulses, set_to, transfer
from immunode.model import Derived, Event, Model, Parameter, Process, State, Story, Switch

MODEL = Model(
    name="sleep_minimal",
    title="Sleep loss: NK activity, IL-6 and vaccination",
    system="sleep and shift work",
    status="ours",
    species="human",
    aliases={"sleep": ""},
    reference="ours; Process S: Am J Physiol 1984;246:R161; NK activity: doi:10.1097/00006842-199411000-00004",
    time_unit="hour",
    horizon=384.0,
    readouts=["NK", "IL6", "Debt", "S"],
    states=[
        State("S", "(1 - exp(-(day - duration_hab)/tau_w))/(1 - exp(-(day - duration_hab)/tau_w - duration_hab/tau_s))"
              "*exp(-(day - bed_hab)/tau_s)", "1", "sleep pressure, 0 to 1", "signal",
              source="computed: midnight of the periodic habitual schedule"),
        State("S_hab", "(1 - exp(-(day - duration_hab)/tau_w))"
              "/(1 - exp(-(day - duration_hab)/tau_w - duration_hab/tau_s))*exp(-(day - bed_hab)/tau_s)", "1",
              "sleep pressure under the habitual schedule", "signal", source="computed: the same"),
        State("Debt", 0, "1", "excess pressure, remembered for days", "signal", typical=0.1, source="habitual: none"),
        State("NK", 1, "1", "NK activity (1: habitual)", "cell", source="definition"),
        State("IL6", "I0", "1", "IL-6 tone (1: habitual)", "signal", source="definition"),
        State("Ag", 0, "1", "antigen of a vaccine", "pathogen", typical=1, source="none given"),
        State("PC", 0, "1", "plasma cells", "cell", typical=10, source="none at first"),
        State("Ab", 0, "1", "antibody titer", "signal", typical=1000, source="none at first"),
    ],
    switches=[Switch("asleep_hab", 1, "1", "1 while the habitual schedule is asleep; midnight is")],
    events=[
        Event("up", {"asleep_hab": "0"}, at="bed_hab + duration_hab - day", every="day", count=1000, meaning="07:00"),
        Event("to_bed", {"asleep_hab": "1"}, at="bed_hab", every="day", count=1000, meaning="23:00"),
    ],
    parameters=[
        Parameter("tau_w", 18.2, "hour", "rise of sleep pressure awake", "Borbely, Daan 1984", "published"),
        Parameter("tau_s", 4.2, "hour", "fall of sleep pressure asleep", "Borbely, Daan 1984", "published"),
        Parameter("day", 24, "hour", "length of a day", "definition", "derived", (24, 24)),
        Parameter("bed_hab", 23, "hour", "habitual bed time (at most 24)", "assumed: usual", "assumed", (22, 24)),
        Parameter("duration_hab", 8, "hour", "habitual sleep, beyond midnight", "assumed: usual", "assumed", (7, 9)),
        Parameter("flip", 0, "1", "1 while sleep and waking are exchanged", "input: none", "derived", (0, 1)),
        Parameter("tau_D", 48, "hour", "memory of the debt", "assumed: days", "assumed"),
        Parameter("k_NK", 0.5, "1/hour", "turnover of NK activity", "assumed: hours", "assumed"),
        Parameter("a_NK", 1, "1", "largest loss of NK activity", "assumed: all", "assumed"),
        Parameter("S_half", 0.5369214, "1", "excess pressure for half of it", "Irwin 1994: NK 0.72", "fitted"),
        Parameter("k_I", 0.2310491, "1/hour", "turnover of IL-6 tone", "assumed: half-life of the tone 3 h", "assumed"),
        Parameter("I0", 1, "1", "habitual IL-6", "definition", "derived", (1, 1)),
        Parameter("b_I", 1.403715, "1", "largest gain of IL-6", "Vgontzas 2004, from memory: +50 %", "fitted"),
        Parameter("D_I", 0.15, "1", "debt for half of it", "assumed: order of a week of short nights", "assumed"),
        Parameter("p_D", 0.1521759, "1", "debt that halves priming", "Spiegel 2002, from memory: half titer", "fitted"),
        Parameter("k_A", 0.01925409, "1/hour", "loss of antigen", "assumed: half-life 36 h", "assumed"),
        Parameter("k_PC", 1, "1/hour", "priming by antigen", "assumed: free scale", "assumed", (1, 1)),
        Parameter("d_PC", 0.005776227, "1/hour", "loss of plasma cells", "assumed: half-life 5 d", "assumed"),
        Parameter("s_Ab", 1, "1/hour", "secretion of antibody", "assumed: free scale", "assumed", (1, 1)),
        Parameter("d_Ab", 0.001375292, "1/hour", "loss of antibody", "literature: IgG half-life 21 d", "published"),
    ],
    derived=[
        Derived("asleep", "asleep_hab*(1 - flip) + (1 - asleep_hab)*flip", "1", "1 while asleep"),
        Derived("x", "max(S - S_hab, 0)", "1", "pressure above the habitual one"),
        Derived("prim", "p_D/(p_D + Debt)", "1", "priming, 1 without debt"),
    ],
    processes=[
        Process("pressure_rise", "-> S", "(1 - asleep)*(1 - S)/tau_w", "awake"),
        Process("pressure_fall", "S ->", "asleep*S/tau_s", "asleep"),
        Process("pressure_rise_hab", "-> S_hab", "(1 - asleep_hab)*(1 - S_hab)/tau_w", "habitual waking"),
        Process("pressure_fall_hab", "S_hab ->", "asleep_hab*S_hab/tau_s", "habitual sleep"),
        Process("debt_gain", "-> Debt", "x/tau_D", "debt follows the excess pressure"),
        Process("debt_loss", "Debt ->", "Debt/tau_D", "debt fades"),
        Process("NK_gain", "-> NK", "k_NK*(1 - a_NK*x/(S_half + x))", "NK activity, less under pressure"),
        Process("NK_loss", "NK ->", "k_NK*NK", "turnover"),
        Process("IL6_gain", "-> IL6", "k_I*I0*(1 + b_I*Debt/(D_I + Debt))", "IL-6, more in debt"),
        Process("IL6_loss", "IL6 ->", "k_I*IL6", "turnover"),
        Process("antigen_loss", "Ag ->", "k_A*Ag", "loss of antigen"),
        Process("priming", "-> PC", "k_PC*prim*Ag", "plasma cells made"),
        Process("plasma_loss", "PC ->", "d_PC*PC", "death of plasma cells"),
        Process("secretion", "-> Ab", "s_Ab*PC", "antibody made"),
        Process("antibody_loss", "Ab ->", "d_Ab*Ab", "loss of antibody"),
    ],
    interventions=[
        Intervention("late_night", [set_to("flip", 1)], nights(1, from_="27 h", lasting="4 h"), kind="lifestyle",
                     direction="suppress", acts_on="activation",
                     expects={"NK": "down at its lowest", "IL6": "up at its peak"},
                     evidence="published", source="Irwin 1994: awake from 3 to 7 in night 0"),
        Intervention("sleep_7h", [set_to("flip", 1)], nights(8, lasting="1 h"), kind="lifestyle", direction="suppress",
                     acts_on="activation", expects={"NK": "down", "IL6": "up"}, evidence="assumed",
                     source="assumed: 24 to 7, nights 0 to 7"),
        Intervention("sleep_6h", [set_to("flip", 1)], nights(8, lasting="2 h"), kind="lifestyle", direction="suppress",
                     acts_on="activation", expects={"NK": "down at its lowest", "IL6": "up"}, evidence="memory",
                     source="Vgontzas 2004, from memory: 1 to 7, nights 0 to 7"),
        Intervention("sleep_5h", [set_to("flip", 1)], nights(8, lasting="3 h"), kind="lifestyle", direction="suppress",
                     acts_on="activation", expects={"NK": "down at its lowest", "IL6": "up"}, evidence="assumed",
                     source="assumed: 2 to 7, nights 0 to 7"),
        Intervention("sleep_4h", [set_to("flip", 1)], Schedule(pulses=Pulses(24, 2, 6, start=23, offsets=[6])),
                     kind="lifestyle", direction="suppress", acts_on="activation",
                     expects={"NK": "down at its lowest", "IL6": "up"}, evidence="memory",
                     source="Spiegel 2002, from memory: 1 to 5, nights 0 to 5"),
        Intervention("no_sleep", [set_to("flip", 1)], nights(1), kind="lifestyle", direction="suppress",
                     acts_on="activation",
                     expects={"NK": "down at its lowest", "IL6": "up on average"}, evidence="assumed",
                     source="assumed: none in night 0; with the vaccine, night 4"),
        Intervention("shift_work", [set_to("flip", 1)], pulses(every=24, width=16, n=None, start=23), kind="lifestyle",
                     direction="suppress", acts_on="activation",
                     expects={"NK": "down at its lowest", "IL6": "up", "Debt": "up"},
                     evidence="assumed", source="assumed: sleep from 7 to 15, from day 1 on"),
        Intervention("nap", [set_to("flip", 1)], pulses(every=24, width=1.5, n=1, start=38), kind="lifestyle",
                     direction="enhance", acts_on="activation", expects={"S": "down at its lowest"}, evidence="assumed",
                     source="assumed: 14:00 to 15:30 of day 1; less debt after a short night"),
        Intervention("vaccination", [transfer("Ag", 1)], during(start=105), kind="vaccine", direction="enhance",
                     acts_on="activation", expects={"Ab": "up"}, evidence="assumed",
                     source="assumed: one dose on day 4, 09:00"),
    ],
    story=Story(
        "One night without sleep halves NK activity, eight of six hours take a quarter; both recover in days.",
        arms={"eight hours": "", "six hours, 8 nights": "sleep_6h", "one night awake": "no_sleep"},
        panels=["NK", "Debt"],
    ),
)
