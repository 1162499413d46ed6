package graphapi_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/sharepoint/internal/adapters/graphapi"
	"parley/modules/sharepoint/internal/core"
	"parley/modules/sharepoint/internal/core/coretest"
	"parley/platform/kernel/clock"
	"parley/platform/webtest/graphstub"
)

// scene is a client of a server with the site hr and its drive Documents.
type scene struct {
	t *testing.T
	*graphapi.Client
	graph *graphstub.Server
	url   string
	clock *clock.Fixed
	drive string

	mu     sync.Mutex
	waited []time.Duration
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, clock: clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))}
	s.graph = graphstub.New(s.clock, "parley", "secret")
	s.drive = s.graph.AddSite("hr", "Documents")[0]
	server := httptest.NewServer(s.graph)
	t.Cleanup(server.Close)
	s.url = server.URL
	s.Client = s.client("secret")
	return s
}

// client is one whose waits only move the clock.
func (s *scene) client(secret string) *graphapi.Client {
	s.t.Helper()
	c, err := graphapi.New(graphapi.Config{
		URL: s.url + "/v1.0/sites/contoso.sharepoint.com", LoginURL: s.url, Tenant: "contoso", ClientID: "parley", ClientSecret: secret, OrganizationID: 1, Clock: s.clock,
		Wait: func(ctx context.Context, d time.Duration) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.clock.Advance(d)
			s.waited = append(s.waited, d)
			return ctx.Err()
		},
	})
	s.must(err)
	return c
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) is(err, want error) {
	s.t.Helper()
	if !errors.Is(err, want) {
		s.t.Errorf("got %v, want %v", err, want)
	}
}

func (s *scene) same(want, got any) {
	s.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Error(diff)
	}
}

func (s *scene) file(name, text string) core.Entry {
	s.t.Helper()
	e, err := s.Upload(s.t.Context(), core.Upload{ParentID: s.drive, Name: name, Size: int64(len(text)), Content: strings.NewReader(text)})
	s.must(err)
	return e
}

func (s *scene) folder(parent, name string) core.Entry {
	s.t.Helper()
	e, err := s.Make(s.t.Context(), parent, name, core.Folder)
	s.must(err)
	return e
}

func to(method, part string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Method == method && strings.Contains(r.URL.Path, part) }
}

func TestBackend(t *testing.T) {
	coretest.TestBackend(t, func(t *testing.T) core.Backend { return newScene(t) })
}

// The suite again, against a Graph in its most awkward mood.
func TestBackendWithEveryDocumentedOddity(t *testing.T) {
	coretest.TestBackend(t, func(t *testing.T) core.Backend {
		s := newScene(t)
		s.graph.Set(graphstub.Behaviour{PageSize: 2, EmptyPages: true, Repeats: true, LosesSession: 1})
		s.graph.AddNotebook(s.drive, "", "Notebook")
		return s
	})
}

func TestAnotherOrganizationHasNoBackend(t *testing.T) {
	s := newScene(t)
	_, err := s.Backend(2)
	s.is(err, core.ErrNotConnected)
	_, err = s.Backend(1)
	s.must(err)
}

func TestWrongCredentialsAreRefused(t *testing.T) {
	s := newScene(t)
	_, err := s.client("wrong").At(t.Context(), "/sites/hr")
	s.is(err, core.ErrRefused)
}

func TestOneTokenServesManyCalls(t *testing.T) {
	s := newScene(t)
	for range 3 {
		_, err := s.At(t.Context(), "/sites/hr/Documents")
		s.must(err)
	}
}

func TestDeltaRepeatsItemsAndTheLastCounts(t *testing.T) {
	s := newScene(t)
	s.graph.Set(graphstub.Behaviour{Repeats: true})
	for _, n := range []string{"a", "b", "c"} {
		s.file(n, n)
	}
	got, err := s.Changes(t.Context(), s.drive, "")
	s.must(err)
	names := map[string]string{}
	for _, c := range got.Items {
		names[c.ID] = c.Name
	}
	if len(got.Items) == len(names) {
		t.Fatal("nothing came twice")
	}
	for _, n := range names {
		if len(n) != 1 {
			t.Errorf("the last is %q", n)
		}
	}
}

func TestARenamedFolderComesAlone(t *testing.T) {
	s := newScene(t)
	folder := s.folder(s.drive, "Folder")
	_, err := s.Upload(t.Context(), core.Upload{ParentID: folder.ID, Name: "in.txt", Size: 1, Content: strings.NewReader("x")})
	s.must(err)
	first, err := s.Changes(t.Context(), s.drive, "")
	s.must(err)
	_, err = s.Move(t.Context(), folder.ID, s.drive, "Renamed")
	s.must(err)
	next, err := s.Changes(t.Context(), s.drive, first.Token)
	s.must(err)
	s.same(1, len(next.Items))
	s.same([]string{folder.ID, "Renamed", s.drive}, []string{next.Items[0].ID, next.Items[0].Name, next.Items[0].ParentID})
}

func TestADeletedItemHasNoName(t *testing.T) {
	s := newScene(t)
	f := s.file("f.txt", "f")
	first, err := s.Changes(t.Context(), s.drive, "")
	s.must(err)
	s.must(s.Delete(t.Context(), f.ID))
	next, err := s.Changes(t.Context(), s.drive, first.Token)
	s.must(err)
	s.same([]core.FeedChange{{Entry: core.Entry{ID: f.ID}, Deleted: true}}, next.Items)
}

func TestAnEmptyPageWithANextLinkGoesOn(t *testing.T) {
	s := newScene(t)
	s.file("f.txt", "f")
	s.graph.Set(graphstub.Behaviour{EmptyPages: true})
	first, err := s.Changes(t.Context(), s.drive, "")
	s.must(err)
	s.same([]any{0, true}, []any{len(first.Items), first.More})
	second, err := s.Changes(t.Context(), s.drive, first.Token)
	s.must(err)
	s.same([]any{1, false}, []any{len(second.Items), second.More})
}

func TestAnOldTokenStartsOverWhereTheServerSays(t *testing.T) {
	for _, spelling := range []bool{false, true} {
		s := newScene(t)
		s.graph.Set(graphstub.Behaviour{NewResyncCodes: spelling, BrokenResync: 6})
		s.file("f.txt", "f")
		first, err := s.Changes(t.Context(), s.drive, "")
		s.must(err)
		s.graph.Expire(s.drive)
		_, err = s.Changes(t.Context(), s.drive, first.Token)
		var again *core.Resync
		if !errors.As(err, &again) || again.From == "" {
			t.Fatalf("got %v", err)
		}
		_, err = s.Changes(t.Context(), s.drive, again.From)
		s.is(err, core.ErrUnavailable) // for as long as six tries take
		fresh, err := s.Changes(t.Context(), s.drive, again.From)
		s.must(err)
		s.same(1, len(fresh.Items))
	}
}

func TestNotebooksAreNeitherFilesNorFolders(t *testing.T) {
	s := newScene(t)
	s.graph.AddNotebook(s.drive, "", "Notebook")
	found, err := s.Children(t.Context(), s.drive)
	s.must(err)
	s.same(0, len(found))
	_, err = s.At(t.Context(), "/sites/hr/Documents/Notebook")
	s.is(err, core.ErrNotFound)
}

func TestPathsAreUnder400Characters(t *testing.T) {
	s := newScene(t)
	_, err := s.At(t.Context(), "/sites/hr/Documents/"+strings.Repeat("a/", 250))
	s.is(err, core.ErrNotFound)
	deep := s.folder(s.folder(s.drive, strings.Repeat("a", 200)).ID, strings.Repeat("b", 190))
	_, err = s.Make(t.Context(), deep.ID, strings.Repeat("c", 50), core.Folder)
	s.is(err, core.ErrBadPath)
}

var big = bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MiB: four fragments

func (s *scene) large(name string) (core.Entry, error) {
	return s.Upload(s.t.Context(), core.Upload{ParentID: s.drive, Name: name, Size: int64(len(big)), Content: bytes.NewReader(big)})
}

// whole checks what was stored, against the drive itself.
func (s *scene) whole(name string) {
	s.t.Helper()
	if s.graph.Files(s.drive)[name] != string(big) {
		s.t.Errorf("%s is not what was sent", name)
	}
}

func TestAFragmentThatArrivedUnseenIsNotSentAgain(t *testing.T) {
	s := newScene(t)
	s.graph.Fail(1, graphstub.Fault{Status: 502, After: true}, to("PUT", "/upload/"))
	_, err := s.large("f.bin")
	s.must(err)
	s.whole("f.bin")
}

func TestAFragmentThatGotLostIsSentAgain(t *testing.T) {
	s := newScene(t)
	s.graph.Fail(2, graphstub.Fault{Status: 500}, to("PUT", "/upload/"))
	_, err := s.large("f.bin")
	s.must(err)
	s.whole("f.bin")
}

func TestARangeThatDoesNotFitAsksForThePosition(t *testing.T) {
	s := newScene(t)
	s.graph.Fail(1, graphstub.Fault{Status: 416, Code: "invalidRange", After: true}, to("PUT", "/upload/"))
	_, err := s.large("f.bin")
	s.must(err)
	s.whole("f.bin")
	asked := 0
	for _, r := range s.graph.Requests() {
		if strings.HasPrefix(r, "GET /upload/") {
			asked++
		}
	}
	s.same(1, asked)
}

func TestALostSessionStartsOver(t *testing.T) {
	s := newScene(t)
	s.graph.Set(graphstub.Behaviour{LosesSession: 2})
	_, err := s.large("f.bin")
	s.must(err)
	s.whole("f.bin")
}

func TestANameThatIsTakenByTheLastFragmentIsAConflict(t *testing.T) {
	s := newScene(t)
	s.graph.Fail(1, graphstub.Fault{Status: 409, Code: "nameAlreadyExists"}, func(r *http.Request) bool {
		return strings.HasPrefix(r.Header.Get("Content-Range"), "bytes 15")
	})
	_, err := s.large("f.bin")
	s.is(err, core.ErrNameTaken)
	if last := s.graph.Requests(); !strings.HasPrefix(last[len(last)-1], "DELETE /upload/") {
		t.Errorf("the session was left behind: %v", last[len(last)-1])
	}
}

func TestAFullDriveEndsAnUpload(t *testing.T) {
	s := newScene(t)
	s.graph.Set(graphstub.Behaviour{Quota: 1 << 20})
	_, err := s.large("f.bin")
	s.is(err, core.ErrStorageFull)
	_, err = s.Upload(t.Context(), core.Upload{ParentID: s.drive, Name: "g.bin", Size: 2 << 20, Content: bytes.NewReader(big)})
	s.is(err, core.ErrStorageFull)
	s.same(0, len(s.waited)) // nothing was tried again
}

func TestALargeFileThatChangedMeanwhileIsNotReplaced(t *testing.T) {
	s := newScene(t)
	f := s.file("f.bin", "first")
	replace := func(ifMatch string) error {
		_, err := s.Upload(t.Context(), core.Upload{FileID: f.ID, IfMatch: ifMatch, Size: int64(len(big)), Content: bytes.NewReader(big)})
		return err
	}
	s.is(replace(`"another"`), core.ErrChanged)
	s.must(replace(f.ETag))
	s.whole("f.bin")
}

func TestAnOfficeFileIsShownAsItIsStored(t *testing.T) {
	s := newScene(t)
	s.graph.Set(graphstub.Behaviour{RewritesOffice: true})
	f := s.file("f.docx", "sent")
	e, r, err := s.Open(t.Context(), f.ID)
	s.must(err)
	defer r.Close()
	raw, err := io.ReadAll(r)
	s.must(err)
	if e.Size != int64(len(raw)) || f.Size != e.Size || f.Size == 4 || !strings.HasPrefix(string(raw), "sent") {
		t.Errorf("%d bytes are shown, %d are stored", f.Size, len(raw))
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	for _, status := range []int{429, 503} {
		s := newScene(t)
		_, err := s.At(t.Context(), "/sites/hr/Documents")
		s.must(err)
		s.graph.Fail(2, graphstub.Fault{Status: status, Code: "activityLimitReached", RetryAfter: "17"}, to("GET", "/sites/"))
		before := s.clock.Now()
		_, err = s.At(t.Context(), "/sites/hr/Documents")
		s.must(err)
		if passed := s.clock.Now().Sub(before); passed < 34*time.Second {
			t.Errorf("%d: only %v passed", status, passed)
		}
	}
}

func TestALongRetryAfterIsNotWaitedFor(t *testing.T) {
	s := newScene(t)
	s.graph.Fail(9, graphstub.Fault{Status: 503, RetryAfter: "3600"}, to("GET", "/sites/"))
	_, err := s.At(t.Context(), "/sites/hr")
	s.is(err, core.ErrUnavailable)
	s.same(0, len(s.waited))
}

func TestAtMostFourCallsAtOnceAnd20ASecond(t *testing.T) {
	s := newScene(t)
	f := s.file("f.txt", "f")
	before := s.clock.Now()
	var busy sync.WaitGroup
	for range 60 {
		busy.Go(func() {
			if _, err := s.Entry(t.Context(), f.ID); err != nil {
				t.Error(err)
			}
		})
	}
	busy.Wait()
	if most := s.graph.MostAtOnce(s.drive); most > 4 {
		t.Errorf("%d at once", most)
	}
	if passed := s.clock.Now().Sub(before); passed < 1900*time.Millisecond {
		t.Errorf("60 calls within %v", passed)
	}
}

func TestErrorsAreTheDeepestCodeThatIsKnown(t *testing.T) {
	for _, c := range []struct {
		fault graphstub.Fault
		want  error
	}{
		{graphstub.Fault{Status: 409, Code: "generalException", Inner: "nameAlreadyExists"}, core.ErrNameTaken},
		{graphstub.Fault{Status: 400, Code: "invalidRequest", Inner: "quotaLimitReached"}, core.ErrStorageFull},
		{graphstub.Fault{Status: 404, Code: "itemNotFound", Inner: "somethingNew"}, core.ErrNotFound},
		{graphstub.Fault{Status: 403, Code: "accessDenied"}, core.ErrRefused},
		{graphstub.Fault{Status: 418, Code: "somethingNew"}, core.ErrNotSupported},
	} {
		s := newScene(t)
		s.graph.Fail(1, c.fault, to("GET", "/sites/"))
		_, err := s.At(t.Context(), "/sites/hr")
		s.is(err, c.want)
	}
}

func TestRightsThatCanNotBeReadAreUnknown(t *testing.T) {
	s := newScene(t)
	f := s.file("f.txt", "f")
	who, err := s.Readers(t.Context(), f.ID)
	s.must(err)
	slices.Sort(who)
	s.same([]string{"site group:3", "site group:5"}, who)
	s.graph.Set(graphstub.Behaviour{HidesRights: true})
	_, err = s.Readers(t.Context(), f.ID)
	s.is(err, core.ErrRightsUnknown)
}

func TestTheTokenGoesNowhereElse(t *testing.T) {
	s := newScene(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("asked for %s with %q", r.URL, r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	_, err := s.Changes(t.Context(), s.drive, elsewhere.URL+"/v1.0/drives/"+s.drive+"/root/delta")
	var again *core.Resync
	if !errors.As(err, &again) {
		t.Errorf("got %v", err)
	}
}
