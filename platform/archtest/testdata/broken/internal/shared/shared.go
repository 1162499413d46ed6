// Package shared is where no package may be.
package shared // want place names
