package event_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/event"
)

type part struct {
	ID int64 `json:"id"`
}

type fact struct {
	part
	Name  string            `json:"name"`
	At    time.Time         `json:"at"`
	For   time.Duration     `json:"for"`
	Cost  *int64            `json:"cost"`
	Parts []part            `json:"parts"`
	Raw   json.RawMessage   `json:"raw"`
	Named map[string]string `json:"named"`
}

func TestAnEventIsDecodedAsEncodingJSONDoes(t *testing.T) {
	for _, payload := range []string{
		`{"id":7,"name":"a \u00e9 \ud83d","at":"2026-01-31T12:34:56.000789Z","for":5,"cost":3,"parts":[{"id":1},{}],"raw":{"x": 1},"named":{"b":"c"}}`,
		`{"id":7,"new":{"of":["a later version"]},"cost":null,"parts":null,"named":null,"raw":null,"at":null}`,
		`{"ID":7,"Name":"other case","name":"twice"}`,
		"{\"name\":\"\xff\"}",
		`{}`, `null`, ``, `{"id":"7"}`, `{"id":1.5}`, `{"id":7}x`, `[]`,
	} {
		var want, got fact
		refused := json.Unmarshal([]byte(payload), &want)
		err := event.Envelope{Name: "tests.happened.v1", Payload: []byte(payload)}.Decode(&got)
		if (err != nil) != (refused != nil) || err != nil && !strings.Contains(err.Error(), "tests.happened.v1") {
			t.Errorf("%s: %v, encoding/json: %v", payload, err, refused)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(fact{})); err == nil && diff != "" {
			t.Errorf("%s:\n%s", payload, diff)
		}
	}
}
