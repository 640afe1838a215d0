"""The commands of `paperboy`, one file for each group; what a command needs is imported when it runs."""
