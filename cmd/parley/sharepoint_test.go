package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/platform/webtest"
)

// dataDir is the directory that the server was given.
func (s *server) dataDir() string {
	for _, e := range s.env {
		if dir, ok := strings.CutPrefix(e, "PARLEY_DATA_DIR="); ok {
			return dir
		}
	}
	return ""
}

// A folder is linked, its files are found by a question, and what happens to
// them follows, also after the server was killed.
func TestFilesOfALinkedFolderAreFound(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		s := newServer(t, kind)
		s.start()
		c := s.admin()
		corpus := c.Do("POST", "/api/corpus", `{"name":"Handbook"}`).Want(201).ID()
		folder := c.Do("POST", "/api/sharepoint/item", map[string]any{"full_path": "/sites/hr/Documents/Leave", "item_type": "folder", "corpus_id": corpus}).Want(201).ID()
		put := func(name, text string) string {
			id := c.Upload("/api/sharepoint/item", map[string]string{"full_path": "/sites/hr/Documents/Leave/" + name, "item_type": "file"},
				webtest.File{Field: "content", Name: name, Content: []byte(text)}).Want(201).ID()
			return fmt.Sprintf("/api/sharepoint/item/%d", id)
		}
		finds := func(question string, want int) {
			t.Helper()
			eventually(t, func() string {
				var passages []struct{ Text string }
				c.Do("POST", fmt.Sprintf("/api/corpus/%d/search", corpus), map[string]any{"query": question}).Want(200).Data(&passages)
				if len(passages) != want {
					return fmt.Sprintf("%q finds %+v", question, passages)
				}
				return ""
			})
		}
		first := put("rules.txt", "Everybody has thirty days of leave.")
		finds("thirty days", 1)
		second := put("travel.txt", "Travel by train.")
		s.kill()
		s.start()
		finds("travel", 1)
		var f struct {
			SyncState string `json:"sync_state"`
			Document  int64
		}
		c.Do("GET", first, nil).Want(200).Data(&f)
		if f.SyncState != "synced" || f.Document == 0 {
			t.Errorf("the item is %+v", f)
		}
		c.Do("GET", fmt.Sprintf("/api/document/%d", f.Document), nil).Want(200)

		// A document that is deleted in the corpus comes back as long as its file
		// is linked.
		c.Do("DELETE", fmt.Sprintf("/api/document/%d", f.Document), nil).Want(200)
		deleted := f.Document
		eventually(t, func() string {
			c.Do("GET", first, nil).Want(200).Data(&f)
			if f.SyncState != "synced" || f.Document == 0 || f.Document == deleted {
				return fmt.Sprintf("the item is %+v", f)
			}
			return ""
		})
		finds("thirty days", 1)

		// Somebody removes the file in the directory.
		found, err := filepath.Glob(filepath.Join(s.dataDir(), "sharepoint", "1", "sites/hr/Documents/Leave/rules.txt"))
		if len(found) != 1 || err != nil {
			t.Fatalf("kept as %v, %v", found, err)
		}
		if err := os.Remove(found[0]); err != nil {
			t.Fatal(err)
		}
		c.Do("GET", first, nil).Refused(404, "sharepoint.not_found")
		finds("thirty days", 0)
		c.Do("GET", fmt.Sprintf("/api/document/%d", f.Document), nil).Want(404)

		c.Do("DELETE", second, nil).Want(200)
		finds("travel", 0)
		c.Do("PUT", fmt.Sprintf("/api/sharepoint/item/%d", folder), `{"corpus_id":null}`).Want(200)
	})
}
