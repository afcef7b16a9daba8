# Stand-ins for rxode2 and mrgsolve, so that a whole exported script runs where neither is: R's own parser reads the
# model of rxode2, a C++ compiler that of mrgsolve, and deSolve solves both.
# Rscript readers.R SCRIPT... writes what each script leaves in `out` to SCRIPT.csv.

library <- function(package, ...) invisible(NULL)
plot <- function(...) invisible(NULL)

sizes <- function(begin) pmax(abs(begin), 1e-3)

# Return the states at each record that looks (evid 0). advance : state, from, to -> state. A record with evid 1 adds to
# an amount, one with `replace` is put in its place, one with `multiply` multiplies it.
from_record_to_record <- function(begin, advance, events, replace, multiply) {
  state <- begin
  now <- 0
  seen <- list()
  for (row in seq_len(nrow(events))) {
    one <- events[row, ]
    if (one$time > now + 1e-9 * max(1, now)) { # two times that differ in their last digits are one
      state <- advance(state, now, one$time)
      now <- one$time
    }
    kind <- as.character(one$evid)
    if (kind == "0") seen[[length(seen) + 1]] <- c(time = one$time, state)
    else if (kind == "1") state[[one$cmt]] <- state[[one$cmt]] + one$amt
    else if (kind == replace) state[[one$cmt]] <- one$amt
    else if (kind == multiply) state[[one$cmt]] <- state[[one$cmt]] * one$amt
    else stop("a record of kind ", kind)
  }
  as.data.frame(do.call(rbind, seen))
}

# rxode2 ---------------------------------------------------------------------------------------------------------------

rxode2 <- function(text) {
  lines <- as.list(parse(text = text, keep.source = FALSE))
  left <- lapply(lines, `[[`, 2)
  rate <- vapply(left, function(l) is.call(l) && identical(l[[1]], quote(`/`)), TRUE)
  start <- vapply(left, function(l) is.call(l) && length(l) == 2 && identical(l[[2]], 0), TRUE)
  if (!all(vapply(left[!rate & !start], is.name, TRUE))) stop("a line that is no assignment")
  list(
    states = vapply(left[rate], function(l) as.character(l[[3]][[2]]), ""),
    starts = setNames(lapply(lines[start], `[[`, 3), vapply(left[start], function(l) as.character(l[[1]]), "")),
    formulas = lapply(lines[!rate & !start], function(l) call("<-", l[[2]], l[[3]])),
    rates = as.call(c(quote(c), lapply(lines[rate], `[[`, 3)))
  )
}

rxSolve <- function(model, parameters, events) {
  own <- as.list(parameters)
  begin <- vapply(model$states, function(name) as.numeric(eval(model$starts[[name]], own)), 0)
  steps <- as.call(c(quote(`{`), model$formulas, call("list", model$rates)))
  steps <- call("with", quote(c(own, as.list(y), list(t = t))), steps)
  rates <- compiler::cmpfun(eval(call("function", as.pairlist(alist(t = , y = , p = )), steps)))
  advance <- function(y, from, to) {
    deSolve::lsoda(y, c(from, to), rates, NULL, rtol = 1e-8, atol = 1e-10 * sizes(begin), maxsteps = 1e5)[2, -1]
  }
  from_record_to_record(begin, advance, events, replace = "5", multiply = "6")
}

# mrgsolve -------------------------------------------------------------------------------------------------------------

block_of <- function(lines, name) {
  heads <- grep("^\\$", lines)
  at <- heads[grepl(paste0("^\\$", name, "\\b"), lines[heads])]
  unlist(lapply(at, function(i) {
    end <- c(heads[heads > i], length(lines) + 1)[1] - 1
    c(sub("^\\$[A-Z]+ *(@annotated)?", "", lines[i]), if (end > i) lines[(i + 1):end])
  }))
}

annotated <- function(lines) {
  parts <- strsplit(lines[nzchar(lines)], " : ", fixed = TRUE)
  setNames(vapply(parts, `[`, "", 2), vapply(parts, `[`, "", 1))
}

mcode <- function(name, code) {
  lines <- trimws(strsplit(code, "\n")[[1]])
  parameters <- annotated(block_of(lines, "PARAM"))
  compartments <- names(annotated(block_of(lines, "CMT")))
  ode <- block_of(lines, "ODE")
  captured <- strsplit(trimws(paste(block_of(lines, "CAPTURE"), collapse = " ")), " +")[[1]]
  declared <- sub("^double (\\w+) .*", "\\1", ode[grepl("^double ", ode)])
  if (!all(captured %in% declared)) stop("captured, but not declared: ", setdiff(captured, declared))
  rows <- seq_along(compartments) - 1
  own <- tempfile(paste0("model_", name))
  writeLines(c(
    "#include <cmath>", "using namespace std;", block_of(lines, "GLOBAL"),
    sprintf("static const double %s = %s;", names(parameters), parameters),
    sprintf("#define %s y_[%d]", compartments, rows),
    sprintf("#define dxdt_%s dy_[%d]", compartments, rows),
    sprintf("#define %s_0 begin_[%d]", compartments, rows),
    'extern "C" void start(double *begin_) {', block_of(lines, "MAIN"), "}",
    'extern "C" void none(void (*odeparms)(int *, double *)) {}',
    'extern "C" void rates(int *n_, double *t_, double *y_, double *dy_, double *out_, int *ip_) {',
    "const double SOLVERTIME = *t_;", ode, "}"
  ), paste0(own, ".cpp"))
  done <- system2(file.path(R.home("bin"), "R"), c("CMD", "SHLIB", paste0(own, ".cpp")), stdout = FALSE)
  if (done != 0) stop("the C++ of ", name, " does not compile")
  list(library = dyn.load(paste0(own, .Platform$dynlib.ext)), compartments = compartments)
}

init <- function(model) setNames(numeric(length(model$compartments)), model$compartments)

mrgsim_d <- function(model, events) {
  code <- model$library[["name"]]
  begin <- setNames(.C("start", init(model), PACKAGE = code)[[1]], model$compartments)
  advance <- function(y, from, to) {
    deSolve::lsoda(y, c(from, to), "rates", NULL, dllname = code, initfunc = "none", rtol = 1e-8,
                   atol = 1e-10 * sizes(begin), maxsteps = 1e5)[2, -1]
  }
  from_record_to_record(begin, advance, events, replace = "8", multiply = "none")
}

for (file in commandArgs(TRUE)) {
  source(file)
  write.csv(out, paste0(file, ".csv"), row.names = FALSE)
}
