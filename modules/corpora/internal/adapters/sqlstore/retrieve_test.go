package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/adapters/extract"
	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/coretest"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/blob"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// scene is two processes over one database: one indexes, the other answers.
// SQLite has one process, so there they have one store.
type scene struct {
	t             *testing.T
	db            *sqldb.DB
	store         *sqlstore.Store
	writer, asker *core.Service
	corpus        core.Corpus
}

const agent = 5

var stranger = actor.Actor{UserID: 9, OrganizationID: 1, Email: "x@example.com"}

func (s scene) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// add indexes a document through the writer.
func (s scene) add(text string) {
	s.t.Helper()
	stored, err := s.writer.Keep(s.t.Context(), strings.NewReader(text))
	s.check(err)
	d, err := s.writer.AddDocument(s.t.Context(), who, s.corpus, core.NewDocument{Stored: stored, FileName: "a.md", AllowDuplicate: true})
	s.check(err)
	d.Step = core.Completed
	_, err = s.store.Finish(s.t.Context(), d, []core.Indexed{{Number: 1, Title: "Guide", Text: text, Terms: terms(text), Length: len(terms(text))}}, held)
	s.check(err)
}

// idle is a queue without workers.
type idle struct{ work.Queue }

func (idle) Put(context.Context, ...work.Job) error { return nil }

func terms(s string) map[string]int {
	out := map[string]int{}
	for _, w := range strings.Fields(s) {
		out[w]++
	}
	return out
}

// finds are the texts that a user finds for a question through the agent.
func (s scene) finds(question string) []string {
	s.t.Helper()
	found, err := s.asker.Retrieve(s.t.Context(), stranger, corpora.Scope{AgentID: agent}, question, 10)
	s.check(err)
	texts := []string{}
	for _, p := range found.Passages {
		texts = append(texts, p.Text)
	}
	slices.Sort(texts)
	return texts
}

func scenes(t *testing.T, test func(s scene)) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		files, err := blob.NewDir(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		here := sqlstore.New(db)
		process := func() *core.Service {
			store := here
			if db.Postgres() {
				store = sqlstore.New(db)
			}
			return core.New(core.Deps{
				Unit: sqldb.NewUnit(db, nowhere{}, clock.System{}), Store: store, Files: files, Extractor: extract.New(extract.DefaultLimits()), Versions: coretest.NewVersions(agent),
				Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Queue: idle{},
			})
		}
		s := scene{t: t, db: db, store: here, writer: process(), asker: process()}
		s.corpus, err = s.writer.CreateCorpus(t.Context(), who, core.NewCorpus{Name: "Guides"})
		s.check(err)
		_, err = s.store.AddConnection(t.Context(), core.Connection{OrganizationID: 1, AgentID: agent, CorpusID: s.corpus.ID, IsEnabled: true, SharesContent: true})
		s.check(err)
		test(s)
	})
}

func TestAWarmQuestionIsAtMostOneStatement(t *testing.T) {
	scenes(t, func(s scene) {
		for i := range 20 {
			s.add(fmt.Sprintf("the red lantern shines %d times", i))
		}
		question := "how often does the red lantren shine" // with a typing error
		s.finds(question)
		reads := int64(1)
		if !s.db.Postgres() { // whose one process knows what is connected
			reads = 0
		}
		ctx, n := sqldb.CountQueries(s.t.Context())
		found, err := s.asker.Retrieve(ctx, stranger, corpora.Scope{AgentID: agent}, question, 10)
		if s.check(err); len(found.Passages) != 10 || n.Load() != reads {
			s.t.Errorf("%d passages by %d statements", len(found.Passages), n.Load())
		}
		ctx, n = sqldb.CountQueries(s.t.Context())
		_, err = s.asker.Usable(ctx, stranger, corpora.Scope{AgentID: agent, Only: []int64{s.corpus.ID}})
		if s.check(err); n.Load() != reads {
			s.t.Errorf("%d statements for what is usable", n.Load())
		}
	})
}

func TestWordsThatNobodyHasAskedBeforeAreReadByOneStatement(t *testing.T) {
	scenes(t, func(s scene) {
		for i := range 20 {
			s.add(fmt.Sprintf("the red lantern shines %d times over a cold harbour", i))
		}
		in, err := s.store.Searchable(s.t.Context(), access.CorporaVisibleTo(stranger), agent, nil)
		s.check(err)
		for length, reads := range map[int][]int64{
			in[0].Length: {2, 0, 0}, // the whole index and the passages
			300_000:      {2, 1, 0}, // the words and the passages, and other words
		} {
			engine := ranking.NewEngine(s.store, 1<<20)
			for i, question := range []string{"red lantern", "the cold harbour", "harbour lantern"} {
				in[0].Length = length
				ctx, n := sqldb.CountQueries(s.t.Context())
				found, err := engine.Search(ctx, ranking.Question{Text: question, Corpora: in, Limit: 10})
				if s.check(err); found.Kept != 10 || n.Load() != reads[i] {
					s.t.Errorf("%q among %d words: %d passages by %d statements", question, length, found.Kept, n.Load())
				}
			}
		}
	})
}

func TestQuestionsOfOneMomentAreReadForTogetherAndAnsweredApart(t *testing.T) {
	scenes(t, func(s scene) {
		const questions = 16
		for i := range questions {
			s.add(fmt.Sprintf("the lantern number%d shines", i))
		}
		s.db.SetMaxOpenConns(1) // on SQLite those that read are others
		held, err := s.db.DB.DB.Conn(s.t.Context())
		s.check(err)
		ctx, n := sqldb.CountQueries(s.t.Context())
		var all sync.WaitGroup
		var coming atomic.Int64
		for i := range questions {
			all.Go(func() {
				coming.Add(1)
				found, err := s.asker.Retrieve(ctx, stranger, corpora.Scope{AgentID: agent}, fmt.Sprintf("Where is number%d?", i), 10)
				if err != nil || len(found.Passages) != 1 || !strings.Contains(found.Passages[0].Text, fmt.Sprintf("number%d ", i)) {
					s.t.Errorf("for number %d it found %+v, %v", i, found.Passages, err)
				}
			})
		}
		for coming.Load() < questions || s.db.Postgres() && s.db.Stats().WaitCount == 0 {
			time.Sleep(time.Millisecond)
		}
		s.check(held.Close())
		all.Wait()
		if s.db.Postgres() && n.Load() > 2*questions { // four each would be the double
			s.t.Errorf("%d questions took %d statements", questions, n.Load())
		}
	})
}

func TestTheVeryNextQuestionFindsWhatAnotherProcessHasChanged(t *testing.T) {
	scenes(t, func(s scene) {
		const lantern = "the red lantern"
		is := func(when string, want ...string) {
			s.t.Helper()
			for range 2 { // read, and from memory
				if got := s.finds("red lantern lampshede"); !slices.Equal(got, want) && len(got)+len(want) > 0 {
					s.t.Errorf("%s: found %q", when, got)
				}
			}
		}
		is("before the first document")
		s.add(lantern)
		is("after the first", lantern)
		s.add("another lantern")
		is("after the second", "another lantern", lantern)
		s.add("the white lampshade") // nearest to a word that nobody knew
		is("after a word is known that was not", "another lantern", lantern, "the white lampshade")

		connection := func(change func(c *core.Connection)) {
			s.t.Helper()
			_, err := s.store.UpdateConnection(s.t.Context(), 1, agent, s.corpus.ID, func(c *core.Connection) error { change(c); return nil })
			s.check(err)
		}
		corpus := func(change func(c *core.Corpus)) {
			s.t.Helper()
			_, err := s.store.UpdateCorpus(s.t.Context(), 1, s.corpus.ID, func(c *core.Corpus) error { change(c); return nil })
			s.check(err)
		}
		connection(func(c *core.Connection) { c.IsEnabled = false })
		is("after the connection was disabled")
		connection(func(c *core.Connection) { c.IsEnabled = true })
		is("after it was enabled", "another lantern", lantern, "the white lampshade")
		connection(func(c *core.Connection) { c.SharesContent = false })
		is("after it was unshared")
		corpus(func(c *core.Corpus) { c.IsPublic = true })
		is("after the corpus was made public", "another lantern", lantern, "the white lampshade")
		corpus(func(c *core.Corpus) { c.IsPublic = false })
		is("after it was made private")
		corpus(func(c *core.Corpus) { c.OwnerID = stranger.UserID })
		is("after it was given to the asker", "another lantern", lantern, "the white lampshade")
		corpus(func(c *core.Corpus) { c.OwnerID = who.UserID })
		connection(func(c *core.Connection) { c.SharesContent = true })
		is("after it was shared again", "another lantern", lantern, "the white lampshade")
		_, err := s.store.RemoveConnection(s.t.Context(), 1, agent, s.corpus.ID)
		s.check(err)
		is("after it was disconnected")
		again := core.Connection{OrganizationID: 1, AgentID: agent, CorpusID: s.corpus.ID, IsEnabled: true, SharesContent: true}
		_, err = s.store.AddConnection(s.t.Context(), again)
		s.check(err)
		is("after it was connected again", "another lantern", lantern, "the white lampshade")
		s.check(s.store.DropAgent(s.t.Context(), 1, agent))
		is("after the agent was deleted")
		_, err = s.store.AddConnection(s.t.Context(), again)
		s.check(err)
		corpus(func(c *core.Corpus) { c.IsDeleted = true })
		is("after it was deleted")
	})
}

func TestAQuestionBesideAChangeFindsWhatIsStored(t *testing.T) {
	scenes(t, func(s scene) {
		s.add("the red lantern")
		unit := sqldb.NewUnit(s.db, nowhere{}, clock.System{})
		for _, fails := range []bool{true, false} {
			if len(s.finds("lantern")) != 1 {
				s.t.Fatal("it is not found at first")
			}
			_ = unit.Do(s.t.Context(), func(ctx context.Context, _ uow.Tx) error {
				_, err := s.store.UpdateConnection(ctx, 1, agent, s.corpus.ID, func(c *core.Connection) error { c.IsEnabled = false; return nil })
				s.check(err)
				if len(s.finds("lantern")) != 1 { // asked by somebody else
					s.t.Error("what is not committed is in effect")
				}
				if fails {
					return errors.New("no")
				}
				return nil
			})
			if found := len(s.finds("lantern")); (found == 1) != fails {
				s.t.Errorf("after the end of the unit (failed: %v) %d are found", fails, found)
			}
		}
	})
}
