// Package extract turns the bytes of an uploaded file into titled blocks of
// text: headings, paragraphs, list items, code and table rows, with page
// numbers for PDF and slide numbers for PPTX, and sheet names as headings for
// XLSX.
//
// The format is decided by content. The name only helps where content cannot
// tell: Markdown, CSV and plain text are all text.
//
// # Files that mean harm
//
// Every parser here reads untrusted bytes, so each has limits (see Limits),
// recovers from panics, and works under a deadline. What comes out is valid
// UTF-8 without control characters, whatever went in. Text is never cut off
// silently: a file over a limit fails with the reason.
//
// PDF is read by a library that was not written for hostile input: a cycle in
// the chain of cross-reference tables makes it loop for ever, an object number
// of two billion makes it allocate until the machine is out of memory, and an
// out-of-memory or stack overflow cannot be recovered from in Go. A deadline
// with an abandoned goroutine would keep a core and its memory busy until the
// next restart. PDF is therefore read in a child process: this same binary,
// started as Limits.Child says, with nothing in its environment, a hard limit
// on memory, and a deadline after which it is killed. Its main calls ServeChild.
// The child costs one start of the binary per PDF, some milliseconds.
//
// The other formats are parsed in this process, by code with limits of its own
// on every length, count and depth, under the same deadline; a parse that does
// not notice its deadline is left behind and keeps its slot (Limits.Parallel),
// so that runaways are bounded too. Without Limits.Child, as in tests, PDF is
// read that way as well.
package extract
