-- One person opens a conversation and submits its ranking: the statements of the floor, one for
-- one, with the columns that it reads. bench/cycle.py sets first, last, locale and sampler;
-- no two clients play the same person.
\set person :first + :client_id + 32 * random(0, (:last - :first - 31) / 32)
BEGIN;
SELECT p.*, y.* FROM annotation_participation p JOIN annotation_study y ON y.id = p.study_id WHERE p.id = :person \gset p_
SELECT s.id AS slot, s.prompt_id AS prompt, s.candidate_set_id AS made, s.*, c.*, t.*
FROM annotation_slot s
JOIN candidates_candidateset c ON c.id = s.candidate_set_id LEFT JOIN candidates_prompttext t ON t.id = c.prompt_text_id
WHERE s.locale_id = :locale AND s.phase = 'main' AND s.status = 'open' AND s.leased_until < now()
  AND NOT EXISTS (SELECT 1 FROM annotation_grant g WHERE g.annotator_id = :p_annotator_id AND g.prompt_id = s.prompt_id)
ORDER BY s.batch, s.due, s.draw LIMIT 1 FOR UPDATE OF s SKIP LOCKED \gset s_
UPDATE annotation_slot SET holder_id = :person, leased_until = now() + interval '20 minutes' WHERE id = :s_slot;
INSERT INTO annotation_grant (slot_id, participation_id, annotator_id, prompt_id, occasion, granted_at, disposition, reason)
VALUES (:s_slot, :person, :p_annotator_id, :s_prompt, 0, now(), '', '') RETURNING id AS grant \gset
SELECT count(*) AS before FROM annotation_conversation WHERE participation_id = :person \gset
INSERT INTO annotation_conversation (public_id, participation_id, ordinal, kind, locale_id, planned_turns, grant_id, sampler_id, status, sitting, skip_reason, opened_at)
VALUES (substr(md5(random()::text), 1, 16), :person, :before, 'pool', :locale, 1, :grant, :sampler, 'open', 1, '', now())
RETURNING id AS conversation \gset
INSERT INTO annotation_turn (conversation_id, position, message, candidate_set_id, mode, detected_language, script, live, started_at, shown_at)
SELECT :conversation, 1, text, :s_made, 'ranking', '', '', false, now(), now() FROM candidates_prompttext WHERE id = :s_prompt_text_id
RETURNING id AS turn \gset
SELECT * FROM candidates_candidate WHERE candidate_set_id = :s_made ORDER BY candidate_set_id, position;
INSERT INTO annotation_showncandidate (turn_id, candidate_id, position)
SELECT :turn, id, position FROM candidates_candidate WHERE candidate_set_id = :s_made RETURNING id;
COMMIT;
BEGIN;
SELECT * FROM annotation_turn t JOIN annotation_conversation c ON c.id = t.conversation_id
LEFT JOIN annotation_grant g ON g.id = c.grant_id LEFT JOIN annotation_slot s ON s.id = g.slot_id WHERE t.id = :turn;
SELECT * FROM annotation_showncandidate WHERE turn_id = :turn ORDER BY position;
INSERT INTO annotation_ranking (turn_id, submission_key, chosen_id, acceptable, represents, reason, layout, viewport, submitted_at)
SELECT :turn, gen_random_uuid(), candidate_id, 'yes', 'no', '', '', '', now() FROM annotation_showncandidate WHERE turn_id = :turn AND position = 0
RETURNING id AS ranking \gset
INSERT INTO annotation_rankedcandidate (ranking_id, candidate_id, rank)
SELECT :ranking, candidate_id, position + 1 FROM annotation_showncandidate WHERE turn_id = :turn RETURNING id;
UPDATE annotation_conversation SET status = 'finished', ended_at = now() WHERE id = :conversation;
UPDATE annotation_grant SET disposition = 'completed', ended_at = now() WHERE id = :grant;
UPDATE annotation_slot SET status = 'done', done_at = now() WHERE id = :s_slot;
COMMIT;
