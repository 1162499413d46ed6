package main_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/platform/webtest/modelstub"
)

var everyCommit = flag.Bool("every-commit", false, "kill the server before and after each commit of a run, the renewal of its lease included, not only at some")

// A server that dies before or after any commit of a run has lost nothing when
// it is back, and has left nothing open.
func TestADeathAtACommitOfARunLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		k := newKillable(t, kind)
		k.start()
		k.prepare()
		step := 1
		if kind == "postgres" && !*everyCommit {
			step = 3
		}
		for n := 1; k.dies("after", n, ""); n += step {
			if *everyCommit {
				k.dies("before", n, "")
			}
		}
		// The journal of runs, the consumers, and how far they have come.
		for _, by := range []string{"core.(*commit).write", "bus.(*worker).attempt", "bus.(*session).flush"} {
			if !k.dies("before", 1, by) || !k.dies("after", 1, by) {
				t.Errorf("the server never died at a commit of %s: %v", by, k.deaths)
			}
		}
		if *everyCommit {
			k.model.Set(modelstub.Behaviour{Answer: light, FirstDelay: 8 * time.Second}) // leases are renewed meanwhile
			if !k.dies("before", 1, "Renew") || !k.dies("after", 1, "Renew") {
				t.Error("no lease was renewed")
			}
		}
		t.Logf("%d deaths at commits of %v; %d questions, %v, %d tokens", k.died, k.deaths, len(k.asker.asked), k.states, k.tokens)
	})
}

// light is what the model of this test says, in three pieces.
func light(modelstub.Request) string { return "In 1871 [1]." }

// killable is a server that kills itself on an order, on data that it keeps.
type killable struct {
	*server
	model  *modelstub.Server
	asker  *asker
	orders io.Writer
	said   chan string // lines of the process

	died   int
	deaths map[string]int // by function
	states map[string]int
	tokens int64
}

func newKillable(t *testing.T, kind string) *killable {
	k := &killable{model: modelstub.New(modelstub.Behaviour{Answer: light, Delay: 45 * time.Millisecond}), deaths: map[string]int{}}
	models := httptest.NewServer(k.model)
	t.Cleanup(models.Close)
	k.server = newServer(t, kind, "PARLEY_LLM_URL="+models.URL+"/v1", "PARLEY_LLM_MODEL=stub")
	return k
}

// prepare makes what questions need.
func (k *killable) prepare() {
	admin := k.admin()
	w := build(admin)
	indexed(k.t, admin, upload(admin, w.corpus, "merrow.md", "The lighthouse of Cape Merrow was built in 1871 by Ada Lund."))
	k.asker = &asker{base: "http://" + k.addr, token: signIn(admin.As(""), adminEmail, adminPassword), agent: w.agent}
}

// start starts this test program as the server.
func (k *killable) start() {
	k.t.Helper()
	self, err := os.Executable()
	if err != nil {
		k.t.Fatal(err)
	}
	cmd := exec.Command(self, "serve")
	cmd.Env = append(slices.Clone(k.env), "PARLEY_TEST_KILLED_SERVER=1")
	if k.orders, err = cmd.StdinPipe(); err != nil {
		k.t.Fatal(err)
	}
	out, in, err := os.Pipe()
	if err != nil {
		k.t.Fatal(err)
	}
	cmd.Stdout = in
	said := make(chan string, 100)
	k.said = said
	go func() {
		defer close(said)
		defer out.Close()
		for lines := bufio.NewScanner(out); lines.Scan(); {
			said <- lines.Text()
		}
	}()
	k.startAs(cmd)
	_ = in.Close() // the process has its own
}

// order tells the killer what to do; false when the process is dead.
func (k *killable) order(when string, n int, of string) bool {
	if _, err := fmt.Fprintln(k.orders, when, n, of); err != nil {
		return false
	}
	line, ok := <-k.said
	if ok && line != "armed" { // it did what it was told before
		k.note(line)
	}
	return line == "armed"
}

// note notes where the process died.
func (k *killable) note(line string) {
	var when, by string
	var at int
	if _, err := fmt.Sscanf(line, "killed %s commit %d %s", &when, &at, &by); err != nil {
		k.t.Errorf("the killer says %q", line)
	}
	k.deaths[by]++
}

// dies has the server die at the n-th commit of two questions, one streamed
// and one plain, or of those commits whose function has of in its name. It
// starts the server again and checks what it has. It answers false when there
// are fewer commits.
func (k *killable) dies(when string, n int, of string) bool {
	k.t.Helper()
	k.quiet(true)
	if !k.order(when, n, of) {
		k.t.Fatal("the server died too early")
	}
	streamed, plain := k.asker.note(), k.asker.note()
	key := fmt.Sprintf("%s-%d-%s", when, n, of)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		k.asker.plain(k.t.Context(), plain, key)
	}()
	k.asker.stream(k.t.Context(), streamed)
	<-ended
	if k.survives() && k.order(when, 0, "") {
		return false
	}
	<-k.done
	k.cmd = nil
	for line := range k.said {
		k.note(line)
	}
	k.died++
	k.start()
	k.whole(fmt.Sprintf("%s commit %d", when, n))
	// Who does not know whether the question was accepted sends it again.
	k.asker.plain(k.t.Context(), plain, key)
	k.whole(fmt.Sprintf("%s commit %d, asked again", when, n))
	if k.stored().runs[plain.question] == nil {
		k.t.Errorf("the question that was sent again is not there")
	}
	return true
}

// whole checks that nothing is lost.
func (k *killable) whole(when string) {
	k.t.Helper()
	if now := k.stored(); k.kind == "sqlite" && now.states["queued"]+now.states["in_progress"] > 0 {
		k.t.Errorf("%s: the server is ready and runs are open: %v", when, now.states)
	}
	eventually(k.t, func() string { // PostgreSQL may find out later that a process is dead
		now := k.stored()
		var total totals
		if err := k.get("http://"+k.addr+"/api/analytics/total-count", &total); err != nil {
			return err.Error()
		}
		runs := int64(len(now.runs))
		faults := append(now.faults, now.missing(k.asker.asked)...)
		if total.Queries != runs || total.TotalTokens != now.tokens || now.closed != runs {
			faults = append(faults, fmt.Sprintf("%d runs with %d tokens, %d of them published; analytics says %+v", runs, now.tokens, now.closed, total))
		}
		k.states, k.tokens = now.states, now.tokens
		if len(faults) > 0 {
			return when + ": " + strings.Join(faults, "\n")
		}
		return ""
	})
}

// survives reports whether the server goes on when all is done.
func (k *killable) survives() bool {
	for {
		select {
		case <-k.done:
			return false
		default:
		}
		if k.quiet(false) {
			return true
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// quiet reports whether nothing is left to commit, and waits for it when wait
// is set.
func (k *killable) quiet(wait bool) bool {
	k.t.Helper()
	look := func() string {
		var total totals
		if err := k.get("http://"+k.addr+"/api/analytics/total-count", &total); err != nil {
			return err.Error()
		}
		behind, err := k.behind()
		if err != nil {
			return err.Error()
		}
		if now := len(k.stored().runs); behind || total.Queries != int64(now) {
			return fmt.Sprintf("analytics knows %d runs of %d; consumers are behind: %v", total.Queries, now, behind)
		}
		return ""
	}
	if wait {
		eventually(k.t, look)
		return true
	}
	return look() == ""
}

// behind reports whether a consumer has stored less than the place it has to
// come to.
func (k *killable) behind() (bool, error) {
	db, err := k.database(k.t.Context())
	if err != nil {
		return false, err
	}
	defer func() { _ = db.Close() }() // it only read
	return db.NewSelect().TableExpr("bus_cursors").Where("seq < (SELECT max(seq) FROM bus_outbox)").Exists(k.t.Context())
}

// get reads data as the asker. The server may die meanwhile.
func (k *killable) get(url string, into any) error {
	req, err := http.NewRequestWithContext(k.t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+k.asker.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body := struct{ Data any }{into}
	return json.NewDecoder(res.Body).Decode(&body)
}
