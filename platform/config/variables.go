package config

import "reflect"

// variables maps the fields of Config to their variables.
func variables() map[string]string {
	out := map[string]string{}
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		out[t.Field(i).Name] = t.Field(i).Tag.Get("env")
	}
	return out
}

func known(name string) bool {
	for _, v := range variables() {
		if v == name {
			return true
		}
	}
	return false
}
