-- Distinct answers of one assignment that have landed, among those accepted up to a number. $1: assignment, $2: number.
SELECT COUNT(*) FROM answers WHERE assignment_id = $1 AND accepted_seq <= $2;
