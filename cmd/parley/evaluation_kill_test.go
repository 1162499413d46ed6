package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// A server that dies before or after any commit of an evaluation goes on with it
// when it is back: each query ends once, is answered once, and the end is told
// once.
func TestADeathAtACommitOfAnEvaluationLosesNoQuery(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		k := newKillable(t, kind)
		k.env = append(k.env, "PARLEY_EVALUATION_PARALLEL=2")
		k.start()
		k.prepare()
		e := &evaluated{killable: k}
		queries := []map[string]any{}
		for n := range 5 {
			queries = append(queries, map[string]any{"query": fmt.Sprintf("When was the lighthouse %d of Cape Merrow built?", n), "expected_answer": "In 1871."})
		}
		e.dataset = k.admin().Do("POST", fmt.Sprintf("/api/agent/%d/evaluation-dataset", k.asker.agent), map[string]any{"name": "Lights", "queries": queries}).Want(201).ID()
		step := 1
		if kind == "postgres" && !*everyCommit {
			step = 2
		}
		for _, when := range []string{"before", "after"} {
			for n := 1; e.dies(when, n, "(*Service)"); n += step {
			}
		}
		if *everyCommit {
			for _, when := range []string{"before", "after"} {
				for n := 1; e.dies(when, n, ""); n++ {
				}
			}
		}
		if k.died < 5 {
			t.Errorf("the server died only %d times: %v", k.died, k.deaths)
		}
		t.Logf("%d deaths at commits of %v", k.died, k.deaths)
	})
}

// evaluated is a server whose evaluations are looked at after each death.
type evaluated struct {
	*killable
	dataset int64
}

// post begins an evaluation, and answers its id; 0 when the server died or asks to
// wait. When the server died between the commit and its answer the evaluation is
// found by its name, as the API says.
func (e *evaluated) post(key string) int64 {
	body, err := json.Marshal(map[string]any{"name": key, "dataset_id": e.dataset, "metrics": []string{"answer_correctness"}, "threshold": 0.5})
	if err != nil {
		e.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(e.t.Context(), http.MethodPost, fmt.Sprintf("http://%s/api/agent/%d/evaluation", e.addr, e.asker.agent), bytes.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+e.asker.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	var made struct {
		Code string
		Data *struct{ ID int64 }
	}
	switch err := json.NewDecoder(res.Body).Decode(&made); {
	case err != nil:
		return 0
	case res.StatusCode == http.StatusCreated:
		return made.Data.ID
	case made.Code == "answer_lost":
		return e.named(key)
	}
	return 0
}

// named answers the id of the evaluation of a name; 0 without one.
func (e *evaluated) named(name string) int64 {
	var tests []struct {
		ID   int64
		Name string
	}
	if err := e.get(fmt.Sprintf("http://%s/api/agent/%d/evaluation", e.addr, e.asker.agent), &tests); err != nil {
		e.t.Error(err)
	}
	for _, test := range tests {
		if test.Name == name {
			return test.ID
		}
	}
	return 0
}

// ended reports what is missing for an evaluation to have ended; "" when it has.
func (e *evaluated) ended(id int64) string {
	var test struct{ Status string }
	if err := e.get(fmt.Sprintf("http://%s/api/evaluation/%d", e.addr, id), &test); err != nil {
		return err.Error()
	}
	if test.Status != "completed" {
		return fmt.Sprintf("evaluation %d is %s", id, test.Status)
	}
	return ""
}

// dies has the server die at the n-th commit of one evaluation, starts it again
// and checks the evaluation. It answers false when there are fewer commits.
func (e *evaluated) dies(when string, n int, of string) bool {
	e.t.Helper()
	if !e.order(when, n, of) {
		e.t.Fatal("the server died too early")
	}
	key := fmt.Sprintf("%s-%d-%s", when, n, of)
	id, died := e.post(key), false
	eventually(e.t, func() string {
		select {
		case <-e.done:
			died = true
			return ""
		default:
			return e.ended(id)
		}
	})
	if !died && e.order(when, 0, "") {
		return false
	}
	<-e.done
	e.cmd = nil
	for line := range e.said {
		e.note(line)
	}
	e.died++
	e.start()
	eventually(e.t, func() string {
		if again := e.post(key); again == 0 || id != 0 && again != id {
			return fmt.Sprintf("sent again, evaluation %d is %d", id, again)
		} else {
			id = again
		}
		return e.ended(id)
	})
	e.check(id, fmt.Sprintf("%s commit %d of %s", when, n, of))
	return true
}

// check reads what is stored of an evaluation that has ended.
func (e *evaluated) check(id int64, at string) {
	e.t.Helper()
	db, err := e.database(e.t.Context())
	if err != nil {
		e.t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // it only read
	var got struct{ Done, Failed, Scored, Texts, Answers, Ends, Starts int64 }
	err = db.NewRaw(`SELECT t.done, t.failed,
		(SELECT count(*) FROM evaluations_results AS r WHERE r.test_id = t.id AND r.status = 'scored') AS scored,
		(SELECT count(*) FROM evaluations_texts AS x WHERE x.test_id = t.id AND x.answer <> '') AS texts,
		(SELECT count(*) FROM chat_runs AS c WHERE c.thread_id = t.thread_id AND c.state = 'completed') AS answers,
		(SELECT count(*) FROM bus_outbox AS b WHERE b.name = 'evaluations.evaluation_ended.v1' AND b.key = ?) AS ends,
		(SELECT count(*) FROM bus_outbox AS b WHERE b.name = 'evaluations.evaluation_started.v1' AND b.key = ?) AS starts
		FROM evaluations_tests AS t WHERE t.id = ?`, fmt.Sprintf("evaluation/%d", id), fmt.Sprintf("evaluation/%d", id), id).Scan(e.t.Context(), &got)
	if err != nil {
		e.t.Fatal(err)
	}
	want := got
	want.Done, want.Failed, want.Scored, want.Texts, want.Answers, want.Ends, want.Starts = 5, 0, 5, 5, 5, 1, 1
	if got != want {
		e.t.Errorf("%s: evaluation %d has %+v", at, id, got)
	}
}
