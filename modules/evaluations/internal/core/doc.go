// Package core has the rules and use cases of datasets and tests, and the
// ports they need.
package core
