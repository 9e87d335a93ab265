"""The guardrails: rules that refuse a plan.

In: a `PlanContext` of plan, desired and live state.
Out: violations and notes. Never: I/O, or a change of the plan.
"""
