package openapi

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestTextIsReadByGroupAndOperation(t *testing.T) {
	groups, operations, err := ReadText(fstest.MapFS{
		"team.md":  {Data: []byte("# Team\n\nTeams.\n\n## createTeam\n\nCreates a team,\nwith its name.\n\nErrors: 409 `taken`.\n\n## deleteTeam\n\nDeletes a team.\n")},
		"user.md":  {Data: []byte("# User\n\nUsers.\n")},
		"notes.go": {Data: []byte("## other\n\nNo text.\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"Team": "Teams.", "User": "Users."}, groups); d != "" {
		t.Error(d)
	}
	want := map[string]string{"createTeam": "Creates a team, with its name.\n\nErrors: 409 `taken`.", "deleteTeam": "Deletes a team."}
	if d := cmp.Diff(want, operations); d != "" {
		t.Error(d)
	}
}

func TestTextThatDescribesAnOperationTwiceIsRefused(t *testing.T) {
	again := &fstest.MapFile{Data: []byte("## createTeam\n\nCreates a team.\n")}
	if _, _, err := ReadText(fstest.MapFS{"a.md": again, "b.md": again}); err == nil {
		t.Error("no error")
	}
}
