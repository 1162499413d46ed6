package main

type gateCmd struct{}

func (gateCmd) Run() error { return nil }
