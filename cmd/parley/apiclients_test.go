package main

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What a generator makes of the document: these tests are about the names and
// types that a client of its own would get.

func TestTheExamplesOfErrorsHaveCodesThatTheServerAnswers(t *testing.T) {
	d, _ := apiDoc(t)
	list := inRepository(t, "docs/api/errors.md")
	for name, r := range d.Components.Responses {
		example, _ := r.Content["application/json"].Example.(map[string]any)
		code, _ := example["code"].(string)
		if !regexp.MustCompile("(?m)^\\| \\d+ \\| `" + regexp.QuoteMeta(code) + "` ").MatchString(list) {
			t.Errorf("the example of %s has the code %q, which no error has", name, code)
		}
	}
}

func TestNoTwoPartsOfTheDocumentGetOneNameInAClient(t *testing.T) {
	_, raw := apiDoc(t)
	var d struct {
		Components map[string]map[string]any
	}
	if err := json.Unmarshal([]byte(raw), &d); err != nil {
		t.Fatal(err)
	}
	// Generators make types of schemas and of credentials in one package, and
	// write APIKey for api_key.
	seen := map[string]string{}
	for _, part := range []string{"schemas", "securitySchemes"} {
		if len(d.Components[part]) == 0 {
			t.Errorf("the document has no %s", part)
		}
		for _, name := range slices.Sorted(maps.Keys(d.Components[part])) {
			folded := strings.ToLower(strings.ReplaceAll(name, "_", ""))
			if other := seen[folded]; other != "" {
				t.Errorf("%s of %s and %s get one name in a client", name, part, other)
			}
			seen[folded] = name + " of " + part
		}
	}
}

func TestTheDataOfAnAnswerIsAnEntityOrNothingNeverEither(t *testing.T) {
	d, _ := apiDoc(t)
	d.each(func(call string, o apiOperation) {
		for status, r := range o.Responses {
			body := r.Content["application/json"].Schema
			if body == nil || body.Properties["data"] == nil {
				continue
			}
			for _, one := range body.Properties["data"].AnyOf {
				if one.Type == "null" {
					t.Errorf("%s says that data of its answer %s may be null", call, status)
				}
			}
		}
	})
}

func TestTheConventionsNameEveryGroupThatAKeyCanHave(t *testing.T) {
	d, _ := apiDoc(t)
	groups := map[string]bool{}
	d.each(func(_ string, o apiOperation) {
		if slices.ContainsFunc(o.Security, func(s map[string][]string) bool { return s["subscription_key"] != nil }) {
			groups["`"+strings.ReplaceAll(strings.ToLower(o.Tags[0]), " ", "_")+"`"] = true
		}
	})
	_, list, found := strings.Cut(inRepository(t, "docs/api/README.md"), "\nA group is a tag of the OpenAPI document in lower case, with `_` for a space: ")
	list, _, _ = strings.Cut(list, ".")
	delete(groups, "`api_key`") // keys are managed with a session, or a key of scope all
	named := regexp.MustCompile("`[a-z_]+`").FindAllString(list, -1)
	if want := slices.Sorted(maps.Keys(groups)); !found || !slices.Equal(named, want) {
		t.Errorf("docs/api/README.md names the groups %v, not %v", named, want)
	}
}
