package web

import _ "embed" // of the page

//go:embed open.html
var openHTML string

// OpenPage is at /open#/api/…: it signs a person in and shows what that path of
// the API answers. So a link to a document opens in a browser, although it
// carries no credentials and may be printed, sent and kept.
func OpenPage() Page { return Page{Path: "/open", HTML: openHTML} }
