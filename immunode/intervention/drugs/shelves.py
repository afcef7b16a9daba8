"""Which drugs the library has, by file; here so that naming them loads none."""

from __future__ import annotations

SHELVES = {
    "tnf": ("infliximab", "adalimumab", "adalimumab_ling", "adalimumab_ternant", "etanercept", "certolizumab"),
    "interleukins_1_6": ("tocilizumab", "sarilumab", "anakinra", "canakinumab"),
    "interleukins_17_23": ("ixekizumab", "brodalumab", "ustekinumab", "guselkumab", "risankizumab", "mirikizumab"),
    "type_2": ("dupilumab", "tralokinumab", "lebrikizumab", "nemolizumab", "benralizumab", "tezepelumab"),
    "checkpoints": ("abatacept", "belatacept", "ipilimumab", "pembrolizumab", "nivolumab", "atezolizumab", "anti_pdl1"),
    "lymphocytes": ("rituximab", "inebilizumab", "obinutuzumab", "alemtuzumab", "belimumab"),
    "homing": ("vedolizumab", "etrolizumab", "siponimod"),
    "interferon_complement": ("anifrolumab", "emapalumab", "peginterferon_beta_1a", "eculizumab", "pegcetacoplan"),
    "immunoglobulin": ("immunoglobulin", "rozanolixizumab", "nipocalimab"),
    "janus_kinases": ("tofacitinib", "baricitinib", "upadacitinib", "apremilast"),
    "transplantation": (
        "tacrolimus",
        "ciclosporin",
        "sirolimus",
        "everolimus",
        "mycophenolic_acid",
        "mycophenolic_acid_jiao",
    ),
    "antimetabolites": (
        "mercaptopurine",
        "methotrexate",
        "hydroxychloroquine",
        "cyclophosphamide",
        "cladribine",
        "colchicine",
    ),
    "steroids": ("prednisolone", "dexamethasone", "dexamethasone_im", "methylprednisolone"),
}
"""File of the folder `published` -> the drugs in it."""
