package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/modules/chat/chatfx"
	"parley/modules/evaluations/evaluationsfx"
	"parley/platform/config"
	"parley/platform/webtest/modelstub"
)

const judgedRows = `{"query": "Capital of France?", "expected_answer": "Paris", "answer": "It is Paris.", "verdict": true}
{"query": "Capital of Spain?", "expected_answer": "Madrid", "answer": "It is Lisbon.", "verdict": false}
no row
{"query": "Capital of Italy?", "expected_answer": "Rome", "answer": "Rome", "verdict": 0.5}
`

func TestACalibrationIsShownAsATableAndAsJSON(t *testing.T) {
	c, err := evaluationsfx.Calibrate(context.Background(), strings.NewReader(judgedRows), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := showCalibration(&table, c); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"3 rows, 2 with a yes", "answer_correctness  3", "kappa", "Pearson r", "1.000 ["} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("%q is not in\n%s", want, table.String())
		}
	}
	encoded, err := json.Marshal(calibrationOf(c))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Metrics []struct {
			Name                          string
			Kappa, AUC, Precision, Recall *float64
			Threshold                     float64
		}
		BadLines []struct{ Line int } `json:"bad_lines"`
	}
	if err := json.Unmarshal(encoded, &got); err != nil {
		t.Fatal(err)
	}
	if m := got.Metrics[0]; m.Name != "answer_correctness" || m.Kappa == nil || *m.Kappa != 1 || *m.AUC != 1 || *m.Precision != 1 || *m.Recall != 1 || m.Threshold != 0.75 {
		t.Errorf("%s", encoded)
	}
	if len(got.BadLines) != 1 || got.BadLines[0].Line != 3 || !strings.Contains(badLines(c), "line 3 is left out") {
		t.Errorf("%s", encoded)
	}
}

func TestAJudgeIsCalibratedWithTheConfiguredModel(t *testing.T) {
	check := regexp.MustCompile(`"check": "(\w+)"`)
	stub := modelstub.New(modelstub.Behaviour{Answer: func(r modelstub.Request) string {
		if !strings.Contains(string(r.Raw), `"temperature":0`) {
			t.Errorf("the temperature is not 0 in %s", r.Raw)
		}
		verdict := "incorrect"
		if said := r.Messages[len(r.Messages)-1].Content; strings.Contains(said, "It is Paris.") || strings.Contains(said, "\nRome\n") {
			verdict = "correct"
		}
		return `{"check": "` + check.FindStringSubmatch(r.Messages[0].Content)[1] + `", "reason": "So it is.", "verdict": "` + verdict + `"}`
	}})
	h := httptest.NewServer(stub)
	defer h.Close()
	settings := chatfx.Settings{Models: []config.Model{{Name: "judging", Model: "m", BaseURL: h.URL + "/v1"}}}
	model, err := settings.Tool("")
	if err != nil {
		t.Fatal(err)
	}
	c, err := evaluationsfx.Calibrate(context.Background(), strings.NewReader(judgedRows), model, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := c.Metrics[len(c.Metrics)-1]
	if m.Name != "judge" || m.Rows != 3 || m.Kappa == nil || m.Kappa.Value != 1 {
		t.Errorf("%+v", m)
	}
	if input, output := model.Used(); input == 0 || output == 0 || model.Name() != "judging" {
		t.Errorf("%d and %d tokens of %s", input, output, model.Name())
	}
	if _, err := settings.Tool("another"); err == nil {
		t.Error("there is a model that is not configured")
	}
	if _, err := (chatfx.Settings{}).Tool(""); err == nil {
		t.Error("there is a model without any")
	}
}

func TestAGateThatDoesNotPassEndsWith100AndOneThatCannotTellWith1(t *testing.T) {
	status := "completed"
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Ocp-Apim-Subscription-Key") != "k" {
			t.Error("the key is not sent")
		}
		_, _ = fmt.Fprintf(w, `{"success": true, "data": {"id": 1, "status": %q, "metrics": [], "progress": {"total": 1, "done": 1}, "passed": false, "threshold": 0.8,
			"results": [{"query_id": 5, "query": "Why?", "status": "scored", "passed": false}]}}`, status)
	}))
	defer h.Close()
	gate := gateCmd{Server: Server{URL: h.URL, APIKey: "k"}, Agent: 1, Dataset: 2, Format: "table", JUnit: filepath.Join(t.TempDir(), "report.xml"), Timeout: time.Minute}
	var ends exitCode
	if err := gate.Run(context.Background()); !errors.As(err, &ends) || ends.code != 100 {
		t.Errorf("%v", err)
	}
	if report, err := os.ReadFile(gate.JUnit); err != nil || !strings.Contains(string(report), `failures="1"`) {
		t.Errorf("%s, %v", report, err)
	}
	status = "failed"
	if err := gate.Run(context.Background()); err == nil || errors.As(err, &ends) {
		t.Errorf("%v", err)
	}
}

func TestTheFileOfAGateIsWrittenWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.xml")
	if err := writeFile(path, func(w io.Writer) error { _, err := io.WriteString(w, "<x/>"); return err }); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "<x/>" {
		t.Errorf("%q, %v", got, err)
	}
}
