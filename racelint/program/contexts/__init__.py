"""Threads, pools, request handlers, tasks: what is started where, and what may overlap."""
