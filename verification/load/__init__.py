"""Load test of the gateways: how much a core carries, and what our processors cost."""
