# Writes each file that the page shows, `Acme.One/NAME`: and its text between fences, into the folder of the variable "to".
/^`Acme\.One\/[^`]+`:$/ { name = substr($0, 11, length($0) - 12); next }
/^```/ { if (inside) { close(file); inside = 0; name = "" } else if (name != "") { file = to name; inside = 1 } next }
inside { print > file }
