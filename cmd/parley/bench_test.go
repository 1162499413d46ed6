package main_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkReady starts the server on an existing data directory and reports
// how long it takes until it is ready, and its resident memory once it is.
func BenchmarkReady(b *testing.B) {
	s := newServer(b, "sqlite")
	s.start()
	build(s.admin())
	s.stop()
	var ready time.Duration
	var resident float64
	for b.Loop() {
		began := time.Now()
		s.start()
		ready += time.Since(began)
		resident += s.resident(b)
		s.stop()
	}
	b.ReportMetric(float64(ready.Milliseconds())/float64(b.N), "ms/ready")
	b.ReportMetric(resident/float64(b.N)/1024, "MB/resident")
}

// resident is the server's resident memory in kB.
func (s *server) resident(b *testing.B) float64 {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		b.Skip("resident memory is read from /proc, which is not here")
	}
	_, rest, _ := strings.Cut(string(raw), "VmRSS:")
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kb
}

// BenchmarkUploadUntilSearchable uploads a Markdown file of one megabyte and
// waits until a question finds it.
func BenchmarkUploadUntilSearchable(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			s := newServer(b, kind)
			s.start()
			admin := s.admin()
			w := build(admin)
			for n := 0; b.Loop(); n++ {
				id := upload(admin, w.corpus, fmt.Sprintf("book-%d.md", n), megabyte(n))
				indexed(b, admin, id)
				var found []struct {
					DocumentID int64 `json:"document_id"`
				}
				admin.Do("POST", fmt.Sprintf("/api/corpus/%d/search", w.corpus), map[string]any{"query": fmt.Sprintf("the needle numbered %d", n)}).Want(200).Data(&found)
				if len(found) == 0 {
					b.Fatal("nothing was found")
				}
			}
		})
	}
}

// megabyte is Markdown with sections, a wide vocabulary and one needle.
func megabyte(n int) string {
	var text strings.Builder
	for i := 0; text.Len() < 1<<20; i++ {
		if i%40 == 0 {
			fmt.Fprintf(&text, "\n\n## Chapter %d\n\n", i/40)
		}
		fmt.Fprintf(&text, "On day %d the keeper of house %d wrote about ship%d and cargo%d in a steady wind. ", i, i%97, i%4099, i%7919)
		if i == 5000 {
			fmt.Fprintf(&text, "Here lies the needle numbered %d of the whole book. ", n)
		}
	}
	return text.String()
}
