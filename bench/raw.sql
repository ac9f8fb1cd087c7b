-- One person opens a conversation and submits its ranking: the rows that the floor writes,
-- in as few statements as bare SQL needs. bench/cycle.py sets first, last, locale and sampler;
-- no two clients play the same person.
\set person :first + :client_id + 32 * random(0, (:last - :first - 31) / 32)
BEGIN;
SELECT s.id AS slot, s.prompt_id AS prompt, s.candidate_set_id AS made, p.annotator_id AS annotator
FROM annotation_slot s, annotation_participation p
WHERE p.id = :person AND s.locale_id = :locale AND s.phase = 'main' AND s.status = 'open'
  AND s.leased_until < now()
  AND NOT EXISTS (SELECT 1 FROM annotation_grant g WHERE g.annotator_id = p.annotator_id AND g.prompt_id = s.prompt_id)
ORDER BY s.batch, s.ordinal, s.draw LIMIT 1 FOR UPDATE OF s SKIP LOCKED \gset
UPDATE annotation_slot SET holder_id = :person, leased_until = now() + interval '20 minutes' WHERE id = :slot;
INSERT INTO annotation_grant (slot_id, participation_id, annotator_id, prompt_id, occasion, granted_at, disposition, reason)
VALUES (:slot, :person, :annotator, :prompt, 0, now(), '', '') RETURNING id AS grant \gset
INSERT INTO annotation_conversation (public_id, participation_id, ordinal, kind, locale_id, planned_turns, grant_id, sampler_id, status, sitting, skip_reason, opened_at)
SELECT substr(md5(random()::text), 1, 16), :person, (SELECT count(*) FROM annotation_conversation WHERE participation_id = :person), 'pool', :locale, 1, :grant, :sampler, 'open', 1, '', now()
RETURNING id AS conversation \gset
INSERT INTO annotation_turn (conversation_id, position, message, candidate_set_id, mode, detected_language, script, live, started_at, shown_at)
SELECT :conversation, 1, t.text, :made, 'ranking', '', '', false, now(), now()
FROM candidates_candidateset c JOIN candidates_prompttext t ON t.id = c.prompt_text_id WHERE c.id = :made
RETURNING id AS turn \gset
INSERT INTO annotation_showncandidate (turn_id, candidate_id, position)
SELECT :turn, id, position FROM candidates_candidate WHERE candidate_set_id = :made;
COMMIT;
SELECT candidate_id, text FROM annotation_showncandidate s JOIN candidates_candidate c ON c.id = s.candidate_id WHERE turn_id = :turn;
BEGIN;
INSERT INTO annotation_ranking (turn_id, submission_key, chosen_id, acceptable, represents, reason, layout, viewport, submitted_at)
SELECT :turn, gen_random_uuid(), candidate_id, 'yes', 'no', '', '', '', now() FROM annotation_showncandidate WHERE turn_id = :turn AND position = 0
RETURNING id AS ranking \gset
INSERT INTO annotation_rankedcandidate (ranking_id, candidate_id, rank)
SELECT :ranking, candidate_id, position + 1 FROM annotation_showncandidate WHERE turn_id = :turn;
UPDATE annotation_conversation SET status = 'finished', ended_at = now() WHERE id = :conversation;
UPDATE annotation_grant SET disposition = 'completed', ended_at = now() WHERE id = :grant;
UPDATE annotation_slot SET status = 'done', done_at = now() WHERE id = :slot;
COMMIT;
