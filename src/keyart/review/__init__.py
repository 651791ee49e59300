"""Any product -> verdict: is it fit to be seen, and do picture and headline agree."""

from keyart.review.judge import REVIEWS, VIDEO, Review, Verdicts, kept_headlines, kept_products
from keyart.review.verdict import Verdict, verdict_fact

__all__ = ["REVIEWS", "VIDEO", "Review", "Verdict", "Verdicts", "kept_headlines", "kept_products", "verdict_fact"]
