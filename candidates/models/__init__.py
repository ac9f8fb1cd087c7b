"""WHAT: prompts, and the sets of responses that are compared."""

from candidates.models.endpoints import Budget, ModelEndpoint, StructuredOutput
from candidates.models.prompts import Prompt, PromptPool, PromptText
from candidates.models.responses import Anchor, Candidate, Generation, new_handle
from candidates.models.samplers import Sampler
from candidates.models.sets import CandidateSet

__all__ = [
    "Anchor",
    "Budget",
    "Candidate",
    "CandidateSet",
    "Generation",
    "ModelEndpoint",
    "Prompt",
    "PromptPool",
    "PromptText",
    "Sampler",
    "StructuredOutput",
    "new_handle",
]
