"""What watches over the whole: figures, alerts, whether Redis keeps what it is given, and conversations gone astray."""
