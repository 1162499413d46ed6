// Package archtest checks the walls of this project: which package may import
// which, where a library is at home, whose tables a statement may name, and
// the small rules that keep the modules alike. It has tests only.
//
// walls_test.go holds what is allowed, with the reasons of the exceptions;
// the *_rule_test.go files hold the rules. Each rule has at least one place
// below testdata/broken that it must complain about, so that no rule passes
// because it looks at nothing.
package archtest
