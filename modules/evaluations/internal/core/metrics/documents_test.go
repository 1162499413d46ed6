package metrics

import "testing"

func TestExpectedDocumentsAreFoundByIdAndByName(t *testing.T) {
	passages := []Document{{12, "Handbook › Leave"}, {12, "Handbook › Pay"}, {7, "Travel policy.pdf"}, {9, "Menu 2.0 › Lunch"}}
	for _, c := range []struct {
		name              string
		expected          []string
		passages          []Document
		recall, precision float64
	}{
		{"by id and by name", []string{"12", "Travel policy.pdf"}, passages, 1, 2.0 / 3},
		{"without the ending, in other case", []string{"travel POLICY"}, passages, 1, 1.0 / 3},
		{"with an ending that the title lacks", []string{"handbook.docx"}, passages, 1, 1.0 / 3},
		{"with its section", []string{"Handbook › Leave"}, passages, 1, 1.0 / 3},
		{"one that is not there", []string{"12", "Price list"}, passages, 0.5, 1.0 / 3},
		{"twice the same", []string{"12", "12 ", "Handbook"}, passages, 1, 1.0 / 3},
		{"a part of a name is none", []string{"Hand", "Travel", "1"}, passages, 0, 0},
		{"a version is no ending", []string{"Menu 2.0"}, passages, 1, 1.0 / 3},
		{"another version", []string{"Menu 2.1"}, passages, 0, 0},
		{"no passages", []string{"12"}, nil, 0, -1},
		{"none expected", nil, passages, -1, -1},
		{"a blank one", []string{" "}, passages, -1, -1},
	} {
		s := Sample{ExpectedDocuments: c.expected, Documents: c.passages}
		for name, want := range map[string]float64{DocumentRecall: c.recall, DocumentPrecision: c.precision} {
			got := scoreOf(t, name, s)
			switch {
			case want < 0:
				if got.Value != nil || got.Reason == "" {
					t.Errorf("%s, %s: %+v, and there is nothing to measure", c.name, name, got)
				}
			case got.Value == nil || *got.Value != want:
				t.Errorf("%s, %s: %+v, want %v", c.name, name, got, want)
			}
		}
	}
}

func TestTheDetailNamesTheDocuments(t *testing.T) {
	s := Sample{ExpectedDocuments: []string{"12", "Prices"}, Documents: []Document{{12, "Handbook"}, {9, "Menu › Lunch"}}}
	if got := string(scoreOf(t, DocumentRecall, s).Detail); got != `{"missing":["Prices"]}` {
		t.Error(got)
	}
	if got := string(scoreOf(t, DocumentPrecision, s).Detail); got != `{"unexpected":["Menu"]}` {
		t.Error(got)
	}
}
