import clew
