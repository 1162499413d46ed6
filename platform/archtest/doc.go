// Package archtest checks the import rules of this project: which package may
// import which, which package may use a library, whose tables a statement may name, and
// the small rules that keep the modules alike. It has tests only.
//
// walls_test.go holds what is allowed, with the reasons of the exceptions;
// the *_rule_test.go files hold the rules. Each rule has at least one place
// below testdata/broken that it must complain about, so that no rule passes
// because it looks at nothing.
package archtest
