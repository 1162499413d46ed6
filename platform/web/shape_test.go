package web_test

import (
	"net/url"
	"strings"
	"testing"
)

func TestARequestMustHaveTheShapeOfItsOperation(t *testing.T) {
	staff := api(t).As("staff")
	nested := strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40)
	big := `{"name":"` + strings.Repeat("x", 1<<20) + `"}`
	for name, c := range map[string]struct {
		method, path string
		body         any
		status       int
		code, fields string
	}{
		"a good body":                       {"PUT", "/api/thing/1", `{"name":"a","ids":[1],"note":"b","parts":[{"name":"p"}]}`, 200, "", ""},
		"null where null is allowed":        {"PUT", "/api/thing/1", `{"name":"a","note":null}`, 200, "", ""},
		"an unknown field":                  {"PUT", "/api/thing/1", `{"name":"a","colour":"red"}`, 400, "malformed_request", "colour"},
		"an unknown field within a list":    {"PUT", "/api/thing/1", `{"name":"a","parts":[{"name":"b","x":1}]}`, 400, "malformed_request", "parts[0].x"},
		"a field name in other case":        {"PUT", "/api/thing/1", `{"Name":"a"}`, 400, "malformed_request", "Name,name"},
		"both cases of a field name":        {"PUT", "/api/thing/1", `{"name":"a","NAME":"b"}`, 400, "malformed_request", "NAME"},
		"a field given twice":               {"PUT", "/api/thing/1", `{"name":"a","name":"b"}`, 400, "malformed_request", "name"},
		"a field given twice in disguise":   {"PUT", "/api/thing/1", `{"name":"a","nam\u0065":"b"}`, 400, "malformed_request", "name"},
		"a nested field given twice":        {"PUT", "/api/thing/1", `{"name":"a","parts":[{"name":"b","name":"c"}]}`, 400, "malformed_request", "parts[0].name"},
		"a wrong type":                      {"PUT", "/api/thing/1", `{"name":7}`, 400, "malformed_request", "name"},
		"a wrong type within a list":        {"PUT", "/api/thing/1", `{"name":"a","ids":[1,"2"]}`, 400, "malformed_request", "ids[1]"},
		"a fraction for an id":              {"PUT", "/api/thing/1", `{"name":"a","ids":[1.5]}`, 400, "malformed_request", "ids[0]"},
		"an integer with an exponent":       {"PUT", "/api/thing/1", `{"name":"a","ids":[1e3]}`, 422, "unacceptable_value", "ids"},
		"an integer beyond 64 bits":         {"PUT", "/api/thing/1", `{"name":"a","ids":[99999999999999999999]}`, 422, "unacceptable_value", "ids"},
		"a number beyond all bounds":        {"PUT", "/api/thing/1", `{"name":"a","ratio":1e999}`, 400, "malformed_request", ""},
		"a missing field":                   {"PUT", "/api/thing/1", `{}`, 400, "malformed_request", "name"},
		"a missing field within a list":     {"PUT", "/api/thing/1", `{"name":"a","parts":[{}]}`, 400, "malformed_request", "parts[0].name"},
		"a missing body":                    {"PUT", "/api/thing/1", nil, 400, "malformed_request", ""},
		"a blank body":                      {"PUT", "/api/thing/1", "  \n", 400, "malformed_request", ""},
		"a body that is null":               {"PUT", "/api/thing/1", `null`, 400, "malformed_request", ""},
		"a body that is a list":             {"PUT", "/api/thing/1", `[]`, 400, "malformed_request", ""},
		"a body that is cut off":            {"PUT", "/api/thing/1", `{"name":"a"`, 400, "malformed_request", ""},
		"something after the body":          {"PUT", "/api/thing/1", `{"name":"a"} {}`, 400, "malformed_request", ""},
		"an empty list where one is needed": {"DELETE", "/api/thing/batch", `{"ids":[]}`, 422, "unacceptable_value", "ids"},
		"an absent list":                    {"DELETE", "/api/thing/batch", `{}`, 400, "malformed_request", "ids"},
		"null for a list":                   {"DELETE", "/api/thing/batch", `{"ids":null}`, 400, "malformed_request", "ids"},
		"null for an optional field":        {"PUT", "/api/thing/1", `{"name":"a","tagged":null,"ratio":null}`, 200, "", ""},
		"null within a list":                {"PUT", "/api/thing/1", `{"name":"a","tagged":[null]}`, 400, "malformed_request", "tagged[0]"},
		"too many in a list":                {"PUT", "/api/thing/1", `{"name":"a","ids":[1,2,3,4]}`, 422, "unacceptable_value", "ids"},
		"too long a text":                   {"PUT", "/api/thing/1", `{"name":"` + strings.Repeat("x", 21) + `"}`, 422, "unacceptable_value", "name"},
		"an empty text":                     {"PUT", "/api/thing/1", `{"name":""}`, 422, "unacceptable_value", "name"},
		"a value that is not in the list":   {"PUT", "/api/thing/1", `{"name":"a","note":"c"}`, 422, "unacceptable_value", "note"},
		"text that nobody can see":          {"PUT", "/api/thing/1", `{"name":"\u200b\u2060 \ufeff"}`, 422, "unacceptable_value", "name"},
		"a filler of another script":        {"PUT", "/api/thing/1", `{"name":"\u3164"}`, 422, "unacceptable_value", "name"},
		"an invisible part of a text":       {"PUT", "/api/thing/1", `{"name":"👨\u200d👩\u200b"}`, 200, "", ""},
		"a NUL character":                   {"PUT", "/api/thing/1", `{"name":"a\u0000b"}`, 422, "unacceptable_value", "name"},
		"a NUL character in a field name":   {"PUT", "/api/thing/1", `{"name":"a","a\u0000":1}`, 400, "malformed_request", "a\x00"},
		"bad UTF-8":                         {"PUT", "/api/thing/1", "{\"name\":\"\xff\"}", 400, "malformed_request", ""},
		"nesting without end":               {"PUT", "/api/thing/1", `{"name":` + nested + `}`, 400, "malformed_request", ""},
		"more than 1 MiB":                   {"PUT", "/api/thing/1", big, 413, "request_too_large", ""},
		"a form instead of JSON":            {"PUT", "/api/thing/1", url.Values{"name": {"a"}}, 415, "unsupported_media_type", ""},
		"JSON instead of a form":            {"POST", "/api/login", `{"username":"a"}`, 415, "unsupported_media_type", ""},
		"JSON instead of an upload":         {"POST", "/api/thing/1/file", `{}`, 415, "unsupported_media_type", ""},
		"a form without its field":          {"POST", "/api/login", url.Values{"scope": {"a"}}, 400, "malformed_request", "username"},
		"a form with a field too many":      {"POST", "/api/login", url.Values{"username": {"a"}, "x": {"1"}}, 400, "malformed_request", "x"},
		"a form field given twice":          {"POST", "/api/login", url.Values{"username": {"a", "b"}}, 400, "malformed_request", "username"},
		"a form field that is too long":     {"POST", "/api/login", url.Values{"username": {"abcdefghijk"}}, 422, "unacceptable_value", "username"},
		"a form with a NUL character":       {"POST", "/api/login", url.Values{"username": {"a\x00"}}, 422, "unacceptable_value", "username"},
		"a form with bad UTF-8":             {"POST", "/api/login", url.Values{"username": {"\xff"}}, 400, "malformed_request", "username"},
		"a good form":                       {"POST", "/api/login", url.Values{"username": {"a"}, "scope": {"b"}}, 200, "", ""},
		"an operation without a body":       {"POST", "/api/thing/1/touch", nil, 200, "", ""},
		"an empty object for no body":       {"POST", "/api/thing/1/touch", `{}`, 200, "", ""},
		"a body where there is none":        {"POST", "/api/thing/1/touch", `{"x":1}`, 400, "malformed_request", "x"},
		"a list where there is no body":     {"POST", "/api/thing/1/touch", `[1]`, 400, "malformed_request", ""},
	} {
		t.Run(name, func(t *testing.T) {
			answer := staff.On(t).Do(c.method, c.path, c.body)
			answer.Want(c.status)
			if answer.Code() != c.code || answer.Fields() != c.fields {
				t.Errorf("code %q, fields %q: %s", answer.Code(), answer.Fields(), answer.Body)
			}
			for _, inside := range []string{"json:", "struct", "Go ", "cannot unmarshal"} {
				if strings.Contains(string(answer.Body), inside) {
					t.Errorf("shows its inside: %s", answer.Body)
				}
			}
		})
	}
}

func TestAQueryHasOnlyTheDeclaredParametersOnceEach(t *testing.T) {
	user := api(t).As("user")
	for query, want := range map[string]struct {
		status int
		field  string
	}{
		"?page=2&items_per_page=500":          {200, ""},
		"?text=a&live=true&kind=big":          {200, ""},
		"?since=2024-10-02T00:02:24Z":         {200, ""},
		"?text=a&text=b":                      {400, "text"},
		"?unknown=1":                          {400, "unknown"},
		"?Text=a":                             {400, "Text"},
		"?thing_id=7":                         {400, "thing_id"},
		"?ByCursor=true":                      {400, "ByCursor"},
		"?page=two":                           {400, "page"},
		"?page=":                              {400, "page"},
		"?page=99999999999999999999":          {422, "page"},
		"?page=0":                             {422, "page"},
		"?items_per_page=501":                 {422, "items_per_page"},
		"?items_per_page=-1":                  {422, "items_per_page"},
		"?live=yes":                           {400, "live"},
		"?live=1":                             {400, "live"},
		"?since=yesterday":                    {400, "since"},
		"?kind=middling":                      {422, "kind"},
		"?text=" + strings.Repeat("x", 11):    {422, "text"},
		"?text=%00":                           {422, "text"},
		"?text=%ff":                           {400, "text"},
		"?text=%zz":                           {400, ""},
		"?text=a;live=true":                   {400, ""},
		"?cursor=" + strings.Repeat("x", 501): {422, ""},
	} {
		t.Run(query, func(t *testing.T) {
			answer := user.On(t).Do("GET", "/api/thing"+query, nil).Want(want.status)
			if answer.Fields() != want.field {
				t.Errorf("fields %q: %s", answer.Fields(), answer.Body)
			}
		})
	}
}

func TestASegmentThatIsNoPositiveIntegerIsNotThere(t *testing.T) {
	staff := api(t).As("staff")
	for _, id := range []string{"0", "-1", "+1", "1e3", "0x1", "1.0", "1_0", "abc", "99999999999999999999", "%20", "1%00", "%D9%A1"} {
		staff.Do("GET", "/api/thing/"+id, nil).Refused(404, "not_found")
		staff.Do("PUT", "/api/thing/"+id, `{"name":"a"}`).Refused(404, "not_found")
	}
}

func TestNothingButThePathNamesTheThing(t *testing.T) {
	staff := api(t).As("staff")
	for _, body := range []string{`{"name":"a","thing_id":2}`, `{"name":"a","ThingID":2}`, `{"name":"a","id":2}`} {
		staff.Do("PUT", "/api/thing/1", body).Refused(400, "malformed_request")
	}
	staff.Do("PUT", "/api/thing/1?thing_id=2", `{"name":"a"}`).Refused(400, "malformed_request")
	if id := staff.Do("PUT", "/api/thing/1", `{"name":"a"}`).ID(); id != 1 {
		t.Errorf("answered thing %d", id)
	}
}

func TestABoundIsWrittenInFull(t *testing.T) {
	refused := api(t).As("user").Do("GET", "/api/thing?page=1000001", nil).Refused(422, "unacceptable_value")
	if got := refused.Message(); got != "The field \"page\" must be at most 1000000." {
		t.Error(got)
	}
}

func TestABodyInACodingIsRefused(t *testing.T) {
	api(t).As("staff").With("Content-Encoding", "gzip").Do("PUT", "/api/thing/1", `{"name":"a"}`).Refused(415, "unsupported_media_type")
}

func TestJSONMayComeWithoutAContentTypeOrWithACharset(t *testing.T) {
	staff := api(t).As("staff")
	for _, kind := range []string{"", "application/json; charset=utf-8", "Application/JSON", "application/json; charset=\"UTF-8\"", "application/json; charset=us-ascii"} {
		staff.Send("PUT", "/api/thing/1", kind, strings.NewReader(`{"name":"a"}`)).Want(200)
	}
	for _, kind := range []string{"text/plain", "application/x+json", "nonsense/", "application/json; charset", "application/json; charset=iso-8859-1", "application/json; charset=utf-16"} {
		staff.Send("PUT", "/api/thing/1", kind, strings.NewReader(`{"name":"a"}`)).Refused(415, "unsupported_media_type")
	}
}
