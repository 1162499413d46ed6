package sqlstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/adapters/extract"
	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/coretest"
	"parley/platform/blob"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/work"
	workstore "parley/platform/work/sqlstore"
)

// asChild makes the test program read one file, as the server does.
const asChild = "read-one-file"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == asChild {
		if err := extract.ServeChild(context.Background(), os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// told is a unit of work that tells, after its commit, of documents whose
// indexing has ended.
type told struct {
	uow.Unit
	indexed chan corpora.DocumentIndexed
}

// Do implements uow.Unit.
func (u told) Do(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error) error {
	facts := &listening{}
	err := u.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		facts.Tx = tx
		return fn(ctx, facts)
	})
	for _, e := range facts.ended {
		if err == nil {
			u.indexed <- e
		}
	}
	return err
}

type listening struct {
	uow.Tx
	ended []corpora.DocumentIndexed
}

// Publish implements uow.Tx.
func (l *listening) Publish(facts ...event.Event) {
	for _, f := range facts {
		if e, ok := f.(corpora.DocumentIndexed); ok {
			l.ended = append(l.ended, e)
		}
	}
	l.Tx.Publish(facts...)
}

type nowhere struct{}

// Append implements sqldb.Outbox.
func (nowhere) Append(context.Context, []event.Envelope) error { return nil }

// Committed implements sqldb.Outbox.
func (nowhere) Committed() {}

// bench is a service as the server builds it, with its indexer at work.
type bench struct {
	*core.Service
	b       *testing.B
	db      *sqldb.DB
	ctx     context.Context
	corpus  core.Corpus
	indexed chan corpora.DocumentIndexed
}

var who = actor.Actor{UserID: 1, OrganizationID: 1, Email: "jo@example.com"}

func each(b *testing.B, run func(s bench)) {
	b.Helper()
	sets := []migrate.Set{sqlstore.Migrations(), workstore.Migrations()}
	for _, kind := range []struct {
		name string
		open func(testing.TB, ...migrate.Set) *sqldb.DB
	}{{"sqlite", dbtest.SQLite}, {"postgres", dbtest.Postgres}} {
		b.Run(kind.name, func(b *testing.B) {
			s := bench{b: b, db: kind.open(b, sets...), ctx: context.Background(), indexed: make(chan corpora.DocumentIndexed, 1000)}
			files, err := blob.NewDir(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			log := slog.New(slog.NewTextHandler(b.Output(), nil))
			limits := extract.DefaultLimits()
			limits.Child = []string{os.Args[0], asChild}
			queue := work.NewQueue(workstore.New(s.db), nil, clock.System{})
			s.Service = core.New(core.Deps{
				Unit: told{sqldb.NewUnit(s.db, nowhere{}, clock.System{}), s.indexed}, Store: sqlstore.New(s.db), Files: files, Extractor: extract.New(limits), Versions: coretest.NewVersions(),
				Clock: clock.System{}, Log: log, Queue: queue,
			})
			s.corpus, err = s.CreateCorpus(s.ctx, who, core.NewCorpus{Name: "Bench"})
			if err != nil {
				b.Fatal(err)
			}
			runner, err := work.NewRunner(work.Config{Queue: queue, Kinds: s.Kinds(), Owner: "bench", Log: log})
			if err != nil {
				b.Fatal(err)
			}
			if err := runner.Start(s.ctx); err != nil {
				b.Fatal(err)
			}
			run(s)
			if err := runner.Stop(s.ctx); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func (s bench) upload(text string) {
	s.b.Helper()
	stored, err := s.Keep(s.ctx, strings.NewReader(text))
	if err != nil {
		s.b.Fatal(err)
	}
	if _, err := s.AddDocument(s.ctx, who, s.corpus, core.NewDocument{Stored: stored, FileName: "bench.md", AllowDuplicate: true}); err != nil {
		s.b.Fatal(err)
	}
}

func (s bench) wait(documents int) {
	s.b.Helper()
	for range documents {
		if e := <-s.indexed; e.Step != string(core.Completed) {
			s.b.Fatal(e)
		}
	}
}

func (s bench) ask(question string) corpora.Retrieval {
	s.b.Helper()
	found, err := s.Search(s.ctx, who, s.corpus.ID, question, 10)
	if err != nil {
		s.b.Fatal(err)
	}
	return found
}

// writer makes Markdown whose word frequencies fall as in natural text.
type writer struct {
	rnd   *rand.Rand
	words []string
	zipf  *rand.Zipf
}

func newWriter() *writer {
	rnd := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 20_000)
	for i := range words {
		word := make([]byte, 3+rnd.IntN(8))
		for k := range word {
			word[k] = "etaoinshrdlucmfwypvbgk"[min(rnd.IntN(22), rnd.IntN(22))]
		}
		words[i] = string(word)
	}
	copy(words[20:], strings.Fields("server data user file time"))
	copy(words[300:], strings.Fields("backup archive restore schedule directory"))
	copy(words[5000:], strings.Fields("checksum retention incremental"))
	return &writer{rnd, words, rand.NewZipf(rnd, 1.07, 8, uint64(len(words)-1))}
}

func (w *writer) markdown(bytes int) string {
	var b strings.Builder
	for n := 0; b.Len() < bytes; n++ {
		fmt.Fprintf(&b, "## Section %d on %s\n\n", n, w.words[w.zipf.Uint64()])
		for range 6 {
			for range 60 {
				b.WriteString(w.words[w.zipf.Uint64()])
				b.WriteString([]string{" ", " ", " ", " ", " ", " ", " ", ", ", " ", ". "}[w.rnd.IntN(10)])
			}
			b.WriteString("end.\n\n")
		}
	}
	return b.String()
}

func BenchmarkUploadOf1MBUntilItIsFound(b *testing.B) {
	each(b, func(s bench) {
		w := newWriter()
		s.b.SetBytes(1 << 20)
		for n := 0; s.b.Loop(); n++ {
			mark := fmt.Sprintf("zzmark%dzz", n)
			s.upload(w.markdown(1<<20) + "\n\n" + mark + " is the last word.\n")
			s.wait(1)
			if len(s.ask(mark).Passages) == 0 {
				s.b.Fatal("not found")
			}
		}
	})
}

func BenchmarkUploadOf1MBWhileOthersWrite(b *testing.B) {
	each(b, func(s bench) {
		if _, err := s.db.ExecContext(s.ctx, "CREATE TABLE others (id INTEGER)"); err != nil {
			s.b.Fatal(err)
		}
		ctx, stop := context.WithCancel(s.ctx)
		waits := make(chan []time.Duration)
		go func() {
			var all []time.Duration
			for ctx.Err() == nil {
				began := time.Now()
				if _, err := s.db.ExecContext(s.ctx, "INSERT INTO others VALUES (1)"); err != nil {
					b.Error(err)
				}
				all = append(all, time.Since(began))
				time.Sleep(time.Millisecond)
			}
			waits <- all
		}()
		w := newWriter()
		for s.b.Loop() {
			s.upload(w.markdown(1 << 20))
			s.wait(1)
		}
		stop()
		all := <-waits
		slices.Sort(all)
		s.b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms/write")
		s.b.ReportMetric(float64(all[len(all)-1].Microseconds())/1000, "max-ms/write")
	})
}

func BenchmarkQuestionOver10000Passages(b *testing.B) { questions(b, 10_000) }

func BenchmarkQuestionOver1000Passages(b *testing.B) { questions(b, 1_000) }

func questions(b *testing.B, enough int) {
	b.Helper()
	each(b, func(s bench) {
		w := newWriter()
		began, passages := time.Now(), 0
		for passages < enough {
			s.upload(w.markdown(min(enough*100, 1<<20))) // of about 700 bytes a passage
			s.wait(1)
			documents, err := s.Documents(s.ctx, who, s.corpus.ID, core.DocumentFilter{}, page.Request{})
			if err != nil {
				s.b.Fatal(err)
			}
			passages = 0
			for _, d := range documents.Items {
				passages += d.ChunkCount
			}
		}
		s.b.Logf("%d passages in %v", passages, time.Since(began))
		if s.db.Postgres() {
			if _, err := s.db.ExecContext(s.ctx, "VACUUM ANALYZE corpora_postings, corpora_passages, corpora_statistics"); err != nil {
				s.b.Fatal(err)
			}
		}
		for _, q := range []struct{ name, text string }{
			{"long", "How often does the server write a backup archive of user data, and what is the retention of the checksum file in the directory?"},
			{"short", "What is the retention of a backup?"},
			{"common", w.words[0] + " " + w.words[1] + " " + w.words[2] + " " + w.words[3]},
			{"typing error", "How is the directry of the checkum backed up?"},
		} {
			s.b.Run(q.name, func(b *testing.B) {
				used := spent(b)
				for b.Loop() {
					if found := s.ask(q.text); len(found.Passages) != 10 {
						b.Fatalf("%d passages", len(found.Passages))
					}
				}
				b.ReportMetric(float64((spent(b)-used).Microseconds())/float64(b.N), "cpu-us/op")
			})
		}
	})
}

// spent is the CPU time of this process, without that of PostgreSQL.
func spent(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkSmallDocuments(b *testing.B) {
	each(b, func(s bench) {
		w := newWriter()
		texts := make([]string, 500)
		for i := range texts {
			texts[i] = w.markdown(1)[:700]
		}
		for s.b.Loop() {
			for _, text := range texts {
				s.upload(text)
			}
			s.wait(len(texts))
		}
		s.b.ReportMetric(float64(len(texts)*s.b.N)/s.b.Elapsed().Seconds(), "documents/s")
	})
}

// A page of a large corpus, with and without a filter, beside one of a small
// corpus in the same database.
func BenchmarkPageOfDocuments(b *testing.B) {
	each(b, func(s bench) {
		small := s
		var err error
		if small.corpus, err = s.CreateCorpus(s.ctx, who, core.NewCorpus{Name: "Small"}); err != nil {
			s.b.Fatal(err)
		}
		small.fill(10)
		s.fill(10_000)
		for _, q := range []struct {
			name   string
			filter core.DocumentFilter
			page   page.Request
		}{
			{"first", core.DocumentFilter{}, page.Request{Size: 10}},
			{"by cursor", core.DocumentFilter{}, page.Request{Size: 10, ByCursor: true}},
			{"tag", core.DocumentFilter{Tag: "x"}, page.Request{Size: 10, ByCursor: true}},
			{"name", core.DocumentFilter{Name: "ort 7"}, page.Request{Size: 10, ByCursor: true}},
			{"common name", core.DocumentFilter{Name: "port"}, page.Request{Size: 10, ByCursor: true}},
		} {
			for of, s := range map[string]bench{"10": small, "10000": s} {
				s.b.Run(q.name+" of "+of, func(b *testing.B) {
					used := spent(b)
					for b.Loop() {
						if found, err := s.Documents(s.ctx, who, s.corpus.ID, q.filter, q.page); err != nil || len(found.Items) == 0 {
							b.Fatal(len(found.Items), err)
						}
					}
					b.ReportMetric(float64((spent(b)-used).Microseconds())/float64(b.N), "cpu-us/op")
				})
			}
		}
	})
}
