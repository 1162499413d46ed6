package core_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/modules/sharepoint/internal/adapters/memstore"
	"parley/modules/sharepoint/internal/adapters/sqlstore"
	"parley/modules/sharepoint/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/webtest/graphstub"
	"parley/platform/work"
	workstore "parley/platform/work/memstore"
	worksql "parley/platform/work/sqlstore"
)

var errCrash = errors.New("the process died")

// crashing is a unit of work whose process dies now and then: before the
// commit, or after it.
type crashing struct {
	uow.Unit
	mu     sync.Mutex
	random *rand.Rand
	left   int
}

// next answers 0 for a crash before the commit, 1 for one after it, and more
// for none.
func (c *crashing) next() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	when := c.random.IntN(40)
	if c.left == 0 || when > 1 {
		return 2
	}
	c.left--
	return when
}

func (c *crashing) allow(crashes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = crashes
}

// Do implements uow.Unit.
func (c *crashing) Do(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error) error {
	when := c.next()
	if when > 1 {
		return c.Unit.Do(ctx, fn)
	}
	err := c.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if err := fn(ctx, tx); err != nil || when == 1 {
			return err
		}
		return errCrash
	})
	return errors.Join(err, errCrash)
}

// expected is what the corpora must have: each file of the drive under the
// nearest link.
func (s *scene) expected() []string {
	s.t.Helper()
	linked := func(id string) int64 {
		found, err := s.Store.ItemsByExternalID(s.t.Context(), 1, []string{id})
		s.must(err)
		if len(found) == 0 || found[0].CorpusID == nil || found[0].IsDeleted {
			return 0
		}
		return *found[0].CorpusID
	}
	out := []string{}
	files := s.graph.Files(s.drive)
	var walk func(id, path string, corpus int64)
	walk = func(id, path string, corpus int64) {
		found, err := s.people.Children(s.t.Context(), id)
		s.must(err)
		for _, e := range found {
			in := corpus
			if own := linked(e.ID); own != 0 {
				in = own
			}
			at := strings.TrimPrefix(path+"/"+e.Name, "/")
			if e.Kind == core.Folder {
				walk(e.ID, at, in)
			} else if in != 0 {
				out = append(out, fmt.Sprintf("%d %s=%s", in, e.Name, files[at]))
			}
		}
	}
	walk(s.drive, "", linked(s.drive))
	slices.Sort(out)
	return out
}

// people change something at random.
func (s *scene) change(random *rand.Rand, n int) {
	s.t.Helper()
	ctx := s.t.Context()
	var files, folders []core.Entry
	var walk func(id string)
	walk = func(id string) {
		found, err := s.people.Children(ctx, id)
		s.must(err)
		for _, e := range found {
			if e.Kind == core.File {
				files = append(files, e)
			} else {
				folders = append(folders, e)
				walk(e.ID)
			}
		}
	}
	walk(s.drive)
	place := func() string {
		if len(folders) == 0 || random.IntN(4) == 0 {
			return s.drive
		}
		return folders[random.IntN(len(folders))].ID
	}
	any := func(of []core.Entry) core.Entry { return of[random.IntN(len(of))] }
	name := fmt.Sprintf("n%d", random.IntN(8))
	text := fmt.Sprintf("text %d", n)
	var err error
	switch what := random.IntN(16); {
	case what < 3 || len(files) == 0:
		_, err = s.people.Upload(ctx, core.Upload{ParentID: place(), Name: name + ".txt", Size: int64(len(text)), Content: bytes.NewReader([]byte(text))})
	case what < 5 || len(folders) == 0:
		_, err = s.people.Make(ctx, place(), name, core.Folder)
	case what == 5:
		_, err = s.people.Upload(ctx, core.Upload{FileID: any(files).ID, Size: int64(len(text)), Content: bytes.NewReader([]byte(text))})
	case what == 6:
		_, err = s.people.Move(ctx, any(files).ID, place(), name+".txt")
	case what < 9:
		_, err = s.people.Move(ctx, any(folders).ID, place(), name)
	case what == 9:
		err = s.people.Delete(ctx, any(files).ID)
	case what == 10:
		err = s.people.Delete(ctx, any(folders).ID)
	case what == 11:
		s.graph.Expire(s.drive)
	case what == 12:
		s.tieAtRandom(random, any(folders))
	case what == 13:
		s.graph.AddNotebook(s.drive, "", fmt.Sprintf("book %d", n))
	case what == 14:
		s.deleteAtRandom(random)
	case what == 15:
		s.hear()
	}
	if err != nil && !errors.Is(err, core.ErrNameTaken) && !errors.Is(err, core.ErrBadPlace) {
		s.t.Fatal(err)
	}
}

// tieAtRandom links a folder, or unlinks it, as an admin does. The admin tries
// again when the server crashes.
func (s *scene) tieAtRandom(random *rand.Rand, folder core.Entry) {
	s.t.Helper()
	path := folder.Name
	for e := folder; e.ParentID != s.drive; {
		var err error
		e, err = s.people.Entry(s.t.Context(), e.ParentID)
		s.must(err)
		path = e.Name + "/" + path
	}
	c := core.Change{Link: &core.Link{CorpusID: 1 + random.Int64N(3), Rights: []core.Rights{core.ItemRights, core.CorpusRights}[random.IntN(2)]}}
	if random.IntN(3) == 0 {
		c = core.Change{Unlink: true}
	}
	for range 20 {
		i, _, err := s.ItemAt(s.t.Context(), ann, documents+"/"+path)
		if err == nil {
			_, err = s.UpdateItem(s.t.Context(), ann, i.ID, c)
		}
		if err == nil {
			return
		}
		if !errors.Is(err, errCrash) && !errors.Is(err, core.ErrUnavailable) {
			s.t.Fatal(err)
		}
	}
	s.t.Fatal("crashed too often")
}

// deleteAtRandom deletes a document in its corpus, as an editor of that does.
// The module hears of it later.
func (s *scene) deleteAtRandom(random *rand.Rand) {
	s.shelf.mu.Lock()
	defer s.shelf.mu.Unlock()
	if ids := slices.Sorted(maps.Keys(s.shelf.docs)); len(ids) > 0 {
		id := ids[random.IntN(len(ids))]
		s.shelf.remove(id)
		s.deleted = append(s.deleted, id)
	}
}

// hear has the module told of the documents that were deleted, as the bus does:
// until it has stored what follows.
func (s *scene) hear() {
	s.t.Helper()
	for range 20 {
		err := s.Unit.Do(s.t.Context(), func(ctx context.Context, _ uow.Tx) error { return s.DocumentsDeleted(ctx, 1, s.deleted) })
		if err == nil {
			s.deleted = nil
			return
		}
		if !errors.Is(err, errCrash) {
			s.t.Fatal(err)
		}
	}
	s.t.Fatal("crashed too often")
}

// together does what is due in two processes at once.
func (s *scene) together() {
	s.t.Helper()
	var busy sync.WaitGroup
	for _, r := range []*work.Runner{s.runner, s.other} {
		busy.Go(func() {
			if _, err := r.Drain(s.t.Context()); err != nil {
				s.t.Error(err)
			}
		})
	}
	busy.Wait()
}

// wreck throws changes, crashes, faults and old tokens at the service, and
// compares in between and at the end.
func wreck(t *testing.T, seed uint64, open func(t *testing.T, at *clock.Fixed, crashes *crashing) *scene) {
	random := rand.New(rand.NewPCG(seed, 1))
	crashes := &crashing{random: rand.New(rand.NewPCG(seed, 2))}
	faults := rand.New(rand.NewPCG(seed, 3)) // the server asks it, one request at a time
	s := open(t, clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)), crashes)
	s.graph.Set(graphstub.Behaviour{
		PageSize: 1 + random.IntN(5), EmptyPages: random.IntN(2) == 0, HidesDeletedBelow: random.IntN(2) == 0,
		Repeats: random.IntN(2) == 0, NewResyncCodes: random.IntN(2) == 0, BrokenResync: random.IntN(12),
	})
	s.folder("n0", &core.Link{CorpusID: 1})
	for n := range 60 {
		crashes.allow(2)
		s.change(random, n)
		if random.IntN(3) == 0 {
			s.graph.Fail(random.IntN(8), graphstub.Fault{Status: []int{429, 500, 503}[random.IntN(3)]}, func(r *http.Request) bool {
				return r.Header.Get(ofServer) != "" && r.Method == "GET" && faults.IntN(3) == 0
			})
			s.together()
			s.clock.Advance(time.Duration(random.IntN(600)) * time.Second)
		}
		if n%20 == 19 {
			crashes.allow(0)
			s.hear()
			for range 12 {
				s.clock.Advance(time.Hour)
				s.together()
			}
			s.same(s.expected(), s.shelf.shows())
			if files, documents := len(s.shelf.files), len(s.shelf.docs); files > documents+120 {
				t.Errorf("%d files for %d documents", files, documents)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d, after change %d", seed, n)
		}
	}
}

func TestAfterAnySequenceOfChangesAndCrashesTheCorpusIsAsTheDrive(t *testing.T) {
	for seed := range uint64(40) {
		wreck(t, seed, func(t *testing.T, at *clock.Fixed, crashes *crashing) *scene {
			db := memory.New(at)
			crashes.Unit = db
			return build(t, at, db, core.Deps{Unit: crashes, Store: memstore.New(db)}, workstore.New(db))
		})
	}
}

func TestTheSameHoldsOnDatabases(t *testing.T) {
	for kind, make := range map[string]func(t *testing.T) *sqldb.DB{
		"sqlite": func(t *testing.T) *sqldb.DB {
			return dbtest.SQLite(t, bus.Migrations(), worksql.Migrations(), sqlstore.Migrations())
		},
		"postgres": func(t *testing.T) *sqldb.DB {
			return dbtest.Postgres(t, bus.Migrations(), worksql.Migrations(), sqlstore.Migrations())
		},
	} {
		t.Run(kind, func(t *testing.T) {
			for seed := range uint64(2) {
				wreck(t, 100+seed, func(t *testing.T, at *clock.Fixed, crashes *crashing) *scene {
					db := make(t)
					crashes.Unit = sqldb.NewUnit(db, bus.NewOutbox(db), at)
					return build(t, at, nil, core.Deps{Unit: crashes, Store: sqlstore.New(db)}, worksql.New(db))
				})
			}
		})
	}
}
