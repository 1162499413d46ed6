package bus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"parley/platform/kernel/event"
	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
)

// everywhere notes what comes, in every process.
func everywhere(seen *list, came chan<- int) Consumer {
	return Consumer{Name: "tests.everywhere", PerProcess: true, Handlers: []Handler{On(func(_ context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
		seen.add("%d", h.N)
		came <- h.N
		return nil
	})}}
}

// TestAnOlderTransactionHoldsUpNothingAndItsEventsComeAfterItsCommit has two
// processes, and a transaction that has written something before others publish,
// and publishes after them.
func TestAnOlderTransactionHoldsUpNothingAndItsEventsComeAfterItsCommit(t *testing.T) {
	rigs := processes(t, 2)
	r := rigs[0]
	var seen [3]list
	came := make(chan int, 100)
	for i, r := range rigs {
		r.start(everywhere(&seen[i], came), Consumer{Name: "tests.one", Handlers: []Handler{On(func(_ context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
			seen[2].add("%d", h.N)
			came <- h.N
			return nil
		})}})
	}
	both := func(n int) {
		for range 3 {
			if got := within(t, came, fmt.Sprintf("event %d", n)); got != n {
				t.Fatalf("event %d came, not %d", got, n)
			}
		}
	}
	written, commit, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- r.unit.Do(r.ctx(), func(ctx context.Context, tx uow.Tx) error {
			if err := r.effect(ctx, "older", happened{}); err != nil { // takes the lower transaction id
				return err
			}
			close(written)
			<-commit
			tx.Publish(happened{Key: "a", N: 4})
			return nil
		})
	}()
	within(t, written, "the older transaction")
	for n := 1; n <= 3; n++ {
		rigs[n%2].publish(happened{Key: "a", N: n})
		both(n)
	}
	close(commit)
	if err := within(t, done, "the commit"); err != nil {
		t.Fatal(err)
	}
	both(4)
	r.publish(happened{Key: "a", N: 5})
	both(5)
	for i := range seen {
		if diff := cmp.Diff([]string{"1", "2", "3", "4", "5"}, seen[i].all()); diff != "" {
			t.Errorf("consumer %d: %s", i, diff)
		}
	}
}

// write is an event as a transaction writes it that does not end yet.
func write(ctx context.Context, tx bun.Tx, key string, n int) error {
	payload := fmt.Sprintf(`{"key": %q, "n": %d}`, key, n)
	_, err := tx.NewRaw("INSERT INTO bus_outbox (id, name, key, occurred_at, payload) VALUES (?, ?, ?, now(), ?)", id.New(), happened{}.EventName(), key, payload).Exec(ctx)
	return err
}

// TestAnEventThatIsBeingWrittenIsWaitedFor also when it is of an older transaction,
// and no longer than until that has ended, however.
func TestAnEventThatIsBeingWrittenIsWaitedFor(t *testing.T) {
	for name, older := range map[string]bool{"new transaction": false, "older transaction": true} {
		for _, commits := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", commits ", commits), func(t *testing.T) {
				r := processes(t, 1)[0]
				ctx := r.ctx()
				s, err := r.bus().openSession(ctx)
				if err != nil {
					t.Fatal(err)
				}
				defer s.close(ctx)
				tx, err := r.db.BeginTx(ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = tx.Rollback() }() // unless it has ended
				want := []int64{1, 3}
				if older {
					if _, err := tx.ExecContext(ctx, "INSERT INTO tests_sources (n) VALUES (1)"); err != nil {
						t.Fatal(err)
					}
				}
				r.publish(happened{Key: "a", N: 1})
				if err := write(ctx, tx, "a", 2); err != nil {
					t.Fatal(err)
				}
				r.publish(happened{Key: "a", N: 3})
				for range 5 {
					rows, blocked, err := s.read(ctx, position{})
					if err != nil || !blocked || len(rows) > 1 {
						t.Errorf("%d events are read beside one that is being written, blocked %v, %v", len(rows), blocked, err)
					}
				}
				if commits {
					want = []int64{1, 2, 3}
					err = tx.Commit()
				} else {
					err = tx.Rollback()
				}
				if err != nil {
					t.Fatal(err)
				}
				rows, blocked, err := s.read(ctx, position{})
				if err != nil || blocked || len(rows) != len(want) {
					t.Errorf("%d events are read of %d, blocked %v, %v", len(rows), len(want), blocked, err)
				}
			})
		}
	}
}

// TestAWriterWithoutANumberIsWaitedFor: it may have got one just now, lower than
// that of what has been committed since.
func TestAWriterWithoutANumberIsWaitedFor(t *testing.T) {
	r := processes(t, 1)[0]
	ctx := r.ctx()
	s, err := r.bus().openSession(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close(ctx)
	begin := func(statement string) bun.Tx {
		tx, err := r.db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			t.Fatal(err)
		}
		return tx
	}
	older := begin("INSERT INTO tests_sources (n) VALUES (1)")
	writer := begin("LOCK TABLE bus_outbox IN ROW EXCLUSIVE MODE")
	r.publish(happened{Key: "a", N: 1})
	for range 3 {
		if rows, blocked, err := s.read(ctx, position{}); err != nil || !blocked || len(rows) != 0 {
			t.Errorf("%d events are read, blocked %v, %v", len(rows), blocked, err)
		}
	}
	if err := writer.Rollback(); err != nil {
		t.Fatal(err)
	}
	for blocked := true; blocked; { // the second time at the latest
		var err error
		if _, blocked, err = s.read(ctx, position{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := older.Rollback(); err != nil {
		t.Fatal(err)
	}
}

// TestAUnitIsReadCommittedWhateverTheDatabaseSays, so that an event gets its place
// when it is written.
func TestAUnitIsReadCommittedWhateverTheDatabaseSays(t *testing.T) {
	url := ownDatabase(t)
	r := processesOn(t, url, 1)[0]
	r.exec("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation TO serializable', current_database()); END $$")
	r = processesOn(t, url, 1)[0]
	var level string
	if err := r.unit.Do(r.ctx(), func(ctx context.Context, _ uow.Tx) error {
		return r.db.On(ctx).NewRaw("SELECT current_setting('transaction_isolation')").Scan(ctx, &level)
	}); err != nil || level != "read committed" {
		t.Errorf("a unit is %s, %v", level, err)
	}
}

var errUndone = errors.New("undone")

// TestTwoReadersMissNothingWhileManyWrite has transactions of any age write
// events, wait, and commit or not.
func TestTwoReadersMissNothingWhileManyWrite(t *testing.T) {
	const writers, each = 6, 60
	rigs := processes(t, 3)
	var writing, reading sync.WaitGroup
	var mu sync.Mutex
	committed := map[string][]int{} // by key
	for w := range writers {
		writing.Go(func() {
			rnd, r := rand.New(rand.NewPCG(7, uint64(w))), rigs[2]
			ctx, key := r.ctx(), fmt.Sprint(w)
			linger := func(tx bun.Tx) { // for some round trips
				for range rnd.IntN(8) {
					_, _ = tx.ExecContext(ctx, "SELECT 1")
				}
			}
			for n := range each {
				err := r.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
					if rnd.IntN(2) == 0 {
						if _, err := tx.ExecContext(ctx, "INSERT INTO tests_sources (n) VALUES (1)"); err != nil {
							return err
						}
						linger(tx)
					}
					if err := write(ctx, tx, key, n); err != nil {
						return err
					}
					if rnd.IntN(3) == 0 {
						linger(tx)
					}
					if rnd.IntN(8) == 0 {
						return errUndone
					}
					return nil
				})
				switch {
				case err == nil:
					mu.Lock()
					committed[key] = append(committed[key], n)
					mu.Unlock()
				case !errors.Is(err, errUndone):
					t.Error(err)
				}
			}
		})
	}
	ended := make(chan struct{})
	var read [2]map[string][]int
	for i, r := range rigs[:2] {
		reading.Go(func() {
			var err error
			if read[i], err = r.readAll(ended); err != nil {
				t.Error(err)
			}
		})
	}
	writing.Wait()
	close(ended)
	reading.Wait()
	for i := range read {
		if diff := cmp.Diff(committed, read[i]); diff != "" {
			t.Errorf("reader %d has not read what was committed, in its order: %s", i, diff)
		}
	}
}

// readAll follows the outbox as the feed does, and answers what it has read by key,
// once the writers have ended and nothing is left.
func (r *rig) readAll(ended <-chan struct{}) (map[string][]int, error) {
	ctx := r.ctx()
	s, err := r.bus().openSession(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close(ctx)
	out, at := map[string][]int{}, position{}
	for {
		last := false
		select {
		case <-ended:
			last = true
		default:
		}
		rows, blocked, err := s.read(ctx, at)
		if err != nil {
			return out, err
		}
		for _, row := range rows {
			var h happened
			if err := row.envelope().Decode(&h); err != nil {
				return out, err
			}
			out[row.Key] = append(out[row.Key], h.N)
			at = row.at()
		}
		if last && len(rows) == 0 && !blocked {
			return out, nil
		}
	}
}
