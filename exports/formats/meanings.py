"""What the stored codes mean, in English, for codebooks; one table for each set of codes."""

KIND = {"pool": "opened by a prompt of the pool", "own": "opened by the person's own prompt"}
MODE = {
    "ranking": "put all in order",
    "best": "choose the best",
    "best_worst": "choose the best and the worst",
    "rating": "rate each from 0 to 100",
}
OPINION = {"yes": "yes", "no": "no", "cant_say": "can't say"}
# A conversation that ended with a help line is told as one that broke off: which people were
# shown a help line is nobody's business outside.
CONVERSATION_STATUS = {
    "open": "not ended yet",
    "finished": "every planned turn is judged",
    "skipped": "she would rather not answer",
    "failed": "left after the next responses could not be made",
    "broke_off": "ended before its last turn",
}
DISPOSITION = {
    "completed": "judged, and the judgement fills the place",
    "skipped": "she would rather not answer",
    "broke_off": "broke off",
    "timed_out": "the lease lapsed and somebody else was given the place",
    "generation_failed": "the next responses could not be made",
    "surplus": "judged after the place was taken",
    "withdrawn": "she withdrew",
}
PHASE = {
    "preview": "preview",
    "rehearsal": "rehearsal",
    "pilot": "pilot",
    "main": "main collection",
}
OUTCOME = {
    "complete": "complete",
    "screened_out": "screened out",
    "quota_full": "quota full",
    "quality": "ended for quality",
    "withdrawn": "withdrawn",
}
CONSENT = {"given": "allowed", "declined": "not allowed", "taken_back": "allowed, then taken back"}
ANSWER = {"answered": "answered", "refused": "preferred not to say", "not_shown": "not shown"}
SET_STATUS = {
    "pending": "waiting to be generated",
    "ready": "ready to be shown",
    "refused": "an attempt that failed the checks",
    "failed": "no attempt succeeded",
    "quarantined": "valid, but not diverse enough",
}
SOURCE = {
    "nc": "negatively correlated: one generation gives all",
    "default": "the model's default response",
    "temperature": "an independent draw",
    "multi_model": "one draw from one of several models",
    "steered": "steered to a value pole",
}
PART = {
    "diverse": "several diverse responses in one text",
    "default": "one default response",
    "draw": "one independent draw",
    "steered": "one response for a value pole",
    "translation": "translations of candidates",
}
STAGE = {
    "unreviewed": "translated, not reviewed",
    "reviewed": "reviewed by a second person",
    "adjudicated": "adjudicated",
}
PURPOSE = {
    "take_part": "take part",
    "release_choices": "release choices",
    "release_free_text": "release free text",
    "train_models": "train models",
    "recontact": "recontact",
    "transfer_abroad": "transfer abroad",
}
