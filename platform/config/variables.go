package config

import (
	"reflect"
	"slices"
)

// variables maps the fields of Config to their variables.
func variables() map[string]string {
	out := map[string]string{}
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		out[t.Field(i).Name] = t.Field(i).Tag.Get("env")
	}
	return out
}

// ofCommands are variables that a command reads for itself, so that a secret
// need not stand on a command line.
var ofCommands = []string{"PARLEY_NEW_USER_PASSWORD", "PARLEY_URL", "PARLEY_API_KEY"}

func known(name string) bool {
	if slices.Contains(ofCommands, name) {
		return true
	}
	for _, v := range variables() {
		if v == name {
			return true
		}
	}
	return false
}
