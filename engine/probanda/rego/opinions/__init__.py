"""Second opinions: other Rego engines, each in a process of its own.

They decide nothing. They are asked what they make of a policy's cases, so that a disagreement
is seen: `probanda rego check --second-opinion`.
"""
