package httpv1_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"parley/modules/corpora"
	"parley/modules/sharepoint"
	"parley/modules/sharepoint/internal/adapters/memstore"
	"parley/modules/users"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/webtest"
)

func TestAnItemIsMadeWithWhatIsMissingAboveIt(t *testing.T) {
	everywhere(t, func(s scene) {
		var got map[string]any
		const id int64 = 4 // below the site, its library and Leave, of which no event tells
		in := s.As("ann").Expecting(sharepoint.ItemCreated{ItemID: id, OrganizationID: 1, CreatedBy: 2})
		answer := in.Do("POST", "/api/sharepoint/item", `{"full_path":"/sites/hr/Documents/Leave/In","item_type":"folder"}`).Want(201).Data(&got)
		delete(got, "external_id")
		delete(got, "parent")
		delete(got, "id")
		s.same(map[string]any{
			"name": "In", "full_path": "/sites/hr/Documents/Leave/In", "item_type": "folder", "etag": "", "size": 0., "sha256": nil, "mime_type": nil, "web_url": root + "/Leave/In",
			"corpus": nil, "rights": nil, "document": nil, "sync_state": "unlinked", "last_error": nil, "last_synced_on": nil,
			"created_by": "ann@x", "created_on": "2026-05-01T12:00:00.345678Z", "modified_by": "", "modified_on": "2026-05-01T12:00:00.345678Z",
		}, got)
		s.same(id, answer.ID())
		leave := s.at71("/Leave")
		s.same([]any{"Leave", "folder", 1}, []any{leave.Name, leave.ItemType, len(leave.Children)})
		s.same(id, leave.Children[0].ID)
		s.same(leave.ID, *leave.Children[0].Parent)
		var deep item
		s.As("ann").Expecting(made).Do("POST", "/api/sharepoint/item", map[string]any{"parent_id": id, "name": "Deep", "item_type": "folder"}).Want(201).Data(&deep)
		s.same([]any{root + "/Leave/In/Deep", id}, []any{deep.FullPath, *deep.Parent})
		s.As("boss").Do("GET", fmt.Sprintf("/api/sharepoint/item/%d", deep.ID), nil).Want(200)
	})
}

func TestAFileIsSentWithItsContent(t *testing.T) {
	everywhere(t, func(s scene) {
		f := s.file("/Leave/rules.txt", "Thirty days.")
		s.same([]any{"rules.txt", "file", int64(12)}, []any{f.Name, f.ItemType, f.Size})
		raw, err := os.ReadFile(filepath.Join(s.dir, "1", "sites/hr/Documents/Leave/rules.txt"))
		s.same([]any{"Thirty days.", nil}, []any{string(raw), err})
		path := fmt.Sprintf("/api/sharepoint/item/%d", f.ID)
		put := func(content string, fields map[string]string, events ...event.Event) webtest.Answer {
			s := s
			s.Client = s.Expecting(events...)
			return s.multipart("PUT", path, fields, content)
		}
		updated := sharepoint.ItemUpdated{ItemID: f.ID, OrganizationID: 1, UpdatedBy: 2}
		put("Forty days, now.", nil, updated).Want(200).Data(&f)
		s.same(int64(16), f.Size)
		// Somebody saves the file in the meantime.
		if err := os.WriteFile(filepath.Join(s.dir, "1", "sites/hr/Documents/Leave/rules.txt"), []byte("Somebody's own."), 0o600); err != nil {
			t.Fatal(err)
		}
		put("Too late.", nil).Refused(409, "sharepoint.changed")
		s.As("ann").Do("GET", path, nil).Want(200)
		put("In time.", map[string]string{"name": "new.txt"}, updated).Want(200).Data(&f)
		s.same([]any{"new.txt", int64(8)}, []any{f.Name, f.Size})
		put("x", map[string]string{"parent_id": "no"}).Refused(400, "malformed_request")
		put("x", map[string]string{"item_type": "file"}).Refused(400, "malformed_request")
		if left, err := filepath.Glob(filepath.Join(os.TempDir(), "parley-upload-*")); len(left) > 0 || err != nil {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
}

func TestARefusedItem(t *testing.T) {
	everywhere(t, func(s scene) {
		folder := s.folder("/Leave")
		s.file("/Leave/f.txt", "f")
		f := s.at71("/Leave/f.txt")
		for _, c := range []struct {
			who, method, path, body string
			status                  int
			code                    string
		}{
			{"", "POST", "", `{"full_path":"/sites/hr","item_type":"site"}`, 401, "unauthenticated"},
			{"bob", "POST", "", `{"full_path":"/sites/hr","item_type":"site"}`, 403, "forbidden"},
			{"ann", "POST", "", `{"full_path":"/sites/hr","item_type":"folder"}`, 422, "sharepoint.bad_place"},
			{"ann", "POST", "", `{"full_path":"/sites/hr/Documents/Leave","item_type":"site"}`, 422, "sharepoint.bad_place"},
			{"ann", "POST", "", `{"full_path":"/hr","item_type":"folder"}`, 422, "sharepoint.bad_path"},
			{"ann", "POST", "", `{"full_path":"/sites/hr/Documents/../x","item_type":"folder"}`, 422, "sharepoint.bad_path"},
			{"ann", "POST", "", `{"full_path":"/sites/hr/Documents/a:b","item_type":"folder"}`, 422, "sharepoint.bad_path"},
			{"ann", "POST", "", `{"item_type":"folder"}`, 422, "sharepoint.bad_path"},
			{"ann", "POST", "", `{"full_path":"/sites/hr/Documents/leave","item_type":"folder"}`, 409, "sharepoint.name_taken"},
			{"ann", "POST", "", `{"full_path":"/sites/hr/Documents/f.txt","item_type":"file"}`, 422, "sharepoint.no_content"},
			{"ann", "POST", "", `{"full_path":"/sites/hr/Documents/x","item_type":"link"}`, 422, "unacceptable_value"},
			{"ann", "POST", "", `{"full_path":"/sites/hr/Documents/x","item_type":"folder","external_id":"x"}`, 400, "malformed_request"},
			{"ann", "POST", "", `{"full_path":"/sites/hr/Documents/x","item_type":"folder","corpus_id":9}`, 404, "corpora.not_found"},
			{"ann", "POST", "", `{"full_path":"/sites/hr/Documents/x","item_type":"folder","corpus_id":2}`, 403, "corpora.not_editor"},
			{"ann", "POST", "", `{"full_path":"/sites/hr/Documents/x","item_type":"folder","rights":"corpus"}`, 422, "unacceptable_value"},
			{"ann", "POST", "", `{"full_path":"/sites/it","item_type":"site","corpus_id":1}`, 422, "sharepoint.bad_place"},
			{"ann", "POST", "", `{"parent_id":4711,"name":"x","item_type":"folder"}`, 404, "sharepoint.not_found"},
			{"ann", "POST", "", fmt.Sprintf(`{"parent_id":%d,"name":"x","item_type":"folder"}`, f.ID), 422, "sharepoint.bad_place"},
			{"ann", "POST", "", fmt.Sprintf(`{"parent_id":%d,"name":"a/b","item_type":"folder"}`, folder.ID), 422, "sharepoint.bad_name"},
			{"ann", "POST", "", fmt.Sprintf(`{"parent_id":%d,"full_path":"/sites/hr/Documents/x","item_type":"folder"}`, folder.ID), 422, "sharepoint.bad_path"},
			{"far", "POST", "", fmt.Sprintf(`{"parent_id":%d,"name":"x","item_type":"folder"}`, folder.ID), 404, "sharepoint.not_found"},
			{"far", "GET", fmt.Sprint("/", folder.ID), "", 404, "sharepoint.not_found"},
			{"bob", "GET", fmt.Sprint("/", folder.ID), "", 403, "forbidden"},
			{"ann", "GET", "/4711", "", 404, "sharepoint.not_found"},
			{"ann", "GET", "?full_path=/sites/hr/Documents/none", "", 404, "sharepoint.not_found"},
			{"ann", "GET", "", "", 400, "malformed_request"},
			{"ann", "GET", "?full_path=", "", 422, "sharepoint.bad_path"},
			{"ann", "GET", "?full_path=/SITES/HR/documents/leave", "", 200, ""},
			{"ann", "GET", "?full_path=nonsense", "", 422, "sharepoint.bad_path"},
			{"far", "GET", "?full_path=/sites/hr/Documents", "", 404, "sharepoint.not_found"},
			{"ann", "PUT", fmt.Sprint("/", folder.ID), `{"name":"a*b"}`, 422, "sharepoint.bad_name"},
			{"ann", "PUT", fmt.Sprint("/", folder.ID), `{"corpus_id":2}`, 403, "corpora.not_editor"},
			{"ann", "PUT", fmt.Sprint("/", folder.ID), `{"parent_id":4711}`, 404, "sharepoint.not_found"},
			{"ann", "PUT", fmt.Sprint("/", folder.ID), fmt.Sprintf(`{"parent_id":%d}`, folder.ID), 422, "sharepoint.bad_place"},
			{"ann", "PUT", fmt.Sprint("/", folder.ID), fmt.Sprintf(`{"parent_id":%d}`, f.ID), 422, "sharepoint.bad_place"},
			{"far", "PUT", fmt.Sprint("/", folder.ID), `{"name":"x"}`, 404, "sharepoint.not_found"},
			{"far", "DELETE", fmt.Sprint("/", folder.ID), "", 404, "sharepoint.not_found"},
			{"bob", "DELETE", fmt.Sprint("/", folder.ID), "", 403, "forbidden"},
		} {
			var body any
			if c.body != "" {
				body = c.body
			}
			s.Play(webtest.Scenario{Who: c.who, Method: c.method, Path: "/api/sharepoint/item" + c.path, Body: body, Status: c.status, Code: c.code})
		}
		s.multipart("PUT", fmt.Sprintf("/api/sharepoint/item/%d", folder.ID), nil, "x").Refused(422, "sharepoint.no_content")
		s.upload("/Leave/F.TXT", "again").Refused(409, "sharepoint.name_taken")
		s.same("f.txt", s.at71("/Leave/f.txt").Name)
	})
}

func TestRenamingAndMovingKeepTheIDs(t *testing.T) {
	everywhere(t, func(s scene) {
		from, to := s.folder("/From"), s.folder("/To")
		s.file("/From/f.txt", "f")
		f := s.at71("/From/f.txt")
		moved := sharepoint.ItemUpdated{ItemID: from.ID, OrganizationID: 1, UpdatedBy: 2}
		s.As("ann").Expecting(moved).Do("PUT", fmt.Sprintf("/api/sharepoint/item/%d", from.ID), map[string]any{"name": "Moved", "parent_id": to.ID}).Want(200).Data(&from)
		s.same(root+"/To/Moved", from.FullPath)
		var got item
		s.As("ann").Do("GET", fmt.Sprintf("/api/sharepoint/item/%d", f.ID), nil).Want(200).Data(&got)
		s.same([]any{f.ID, root + "/To/Moved/f.txt"}, []any{got.ID, got.FullPath})
	})
}

func TestDeletingAnItemTakesWhatIsBelowItAlong(t *testing.T) {
	everywhere(t, func(s scene) {
		folder := s.folder("/Leave")
		s.file("/Leave/f.txt", "f")
		f := s.at71("/Leave/f.txt")
		var gone item
		deleted := sharepoint.ItemDeleted{ItemID: folder.ID, OrganizationID: 1, DeletedBy: 2}
		s.As("ann").Expecting(deleted).Do("DELETE", fmt.Sprintf("/api/sharepoint/item/%d", folder.ID), nil).Want(200).Data(&gone)
		s.same([]any{folder.ID, root + "/Leave"}, []any{gone.ID, gone.FullPath})
		for _, id := range []int64{folder.ID, f.ID} {
			s.As("ann").Do("GET", fmt.Sprintf("/api/sharepoint/item/%d", id), nil).Refused(404, "sharepoint.not_found")
		}
		s.same(0, len(s.at71("").Children))
		if again := s.folder("/Leave"); again.ID == folder.ID {
			t.Error("an id is used again")
		}
	})
}

func TestALinkedItemIsKeptInItsCorpus(t *testing.T) {
	everywhere(t, func(s scene) {
		var leave item
		in := sharepoint.ItemCreated{ItemID: 3, OrganizationID: 1, CorpusID: 1, CreatedBy: 2}
		s.As("ann").Expecting(in).Do("POST", "/api/sharepoint/item", map[string]any{"full_path": root + "/Leave", "item_type": "folder", "corpus_id": 1}).Want(201).Data(&leave)
		s.same([]any{int64(1), "pending"}, []any{*leave.Corpus, leave.SyncState})
		s.file("/Leave/f.txt", "f")
		s.same("pending", s.at71("/Leave/f.txt").SyncState)
		s.work()
		f := s.at71("/Leave/f.txt")
		s.same([]any{"synced", int64(10), int64(1), true, "sum"}, []any{f.SyncState, *f.Document, *f.Corpus, f.LastSyncedOn != nil, *f.SHA256})
		s.same("synced", s.at71("/Leave").SyncState)
		s.same(1, len(s.kept))
		path := fmt.Sprintf("/api/sharepoint/item/%d", leave.ID)
		s.As("ann").Expecting(sharepoint.ItemUpdated{ItemID: leave.ID, OrganizationID: 1, UpdatedBy: 2}).Do("PUT", path, `{"corpus_id":null}`).Want(200).Data(&leave)
		s.same([]any{true, "unlinked"}, []any{leave.Corpus == nil, leave.SyncState})
		s.at.Advance(time.Second)
		s.work()
		s.same(0, len(s.kept))
		f = s.at71("/Leave/f.txt")
		s.same([]any{"unlinked", true, true}, []any{f.SyncState, f.Document == nil, f.Corpus == nil})
		again := sharepoint.ItemUpdated{ItemID: leave.ID, OrganizationID: 1, CorpusID: 1, UpdatedBy: 2}
		s.As("ann").Expecting(again).Do("PUT", path, `{"corpus_id":1,"rights":"corpus"}`).Want(200)
		s.work()
		s.same(1, len(s.kept))
		s.As("ann").Expecting(sharepoint.ItemDeleted{ItemID: leave.ID, OrganizationID: 1, DeletedBy: 2}).Do("DELETE", path, nil).Want(200)
		s.work()
		s.same(0, len(s.kept))
	})
}

func TestConsumersSeeEachEventTwice(t *testing.T) {
	at := clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	db := memory.New(at)
	s := setup(t, at, db, memstore.New(db))
	s.As("ann").Expecting(made).Do("POST", "/api/sharepoint/item", map[string]any{"full_path": root + "/Leave", "item_type": "folder", "corpus_id": 1}).Want(201)
	s.file("/Leave/f.txt", "f")
	s.work()
	for range 2 {
		err := db.Do(t.Context(), func(_ context.Context, tx uow.Tx) error {
			tx.Publish(corpora.DocumentIndexed{DocumentID: 10, CorpusID: 1, OrganizationID: 1, UserID: 2, Step: "failed"})
			tx.Publish(users.UserDeleted{UserID: 2, OrganizationID: 1, DeletedBy: 1})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s.same("failed", s.at71("/Leave/f.txt").SyncState)
	}
	s.file("/Leave/g.txt", "g")
	s.work()
	s.same(int64(1), s.kept[11].UserID) // who deleted the one who linked
}
